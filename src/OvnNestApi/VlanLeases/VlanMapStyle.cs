namespace OvnNestApi.VlanLeases;

/// <summary>Style sheet of the VLAN map, with a light and a dark theme.</summary>
internal static class VlanMapStyle
{
    public const string Css = """
        .vlan-map{--ink:#1f2328;--faint:#656d76;--paper:#fff;--line:#d0d7de;--free:#e7ebef;--bound:#0072b2;
        --reserved:#b87900;--reserved-fill:#ffd98a;--draining:#d55e00;--cooling:#2f9fd8;--foreign:#a0527f;
        background:var(--paper)}
        @media(prefers-color-scheme:dark){.vlan-map{--ink:#e6edf3;--faint:#8d96a0;--paper:#0d1117;
        --line:#30363d;--free:#21262d;--bound:#4aa3df;--reserved:#e69f00;--reserved-fill:#5c4300;
        --draining:#ff7a29;--cooling:#7cc8f2;--foreign:#cc79a7}}
        .vlan-map text{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
        fill:var(--ink)}
        .vlan-map .heading{font:600 20px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
        .vlan-map .words{font:13px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
        .vlan-map .faint,.vlan-map tspan{fill:var(--faint)}
        .vlan-map .count{font-weight:600;fill:var(--ink)}
        .vlan-map .ruler{font-size:9px;fill:var(--faint)}
        """;
}
