namespace OvnNestApi.Service;

/// <summary>
/// The features in <c>GET /v1</c>: one word for every addition to the API, oldest first. New words are appended; <c>docs/features.md</c>
/// explains each. A word is never removed or renamed, because clients check for it.
/// </summary>
internal static class Features
{
    public static readonly IReadOnlyList<string> All =
    [
        "networks",
        "routers",
        "hosts",
        "vms",
        "containers",
        "vlan-leases",
        "changes",
        "api-keys",
        "merge-patch",
        "conditional-requests",
        "dry-run",
        "write-wait",
        "resource-wait",
        "delete-cascade",
        "delete-force",
        "delete-allow-missing",
        "list-labels",
        "list-readiness",
        "vlan-lease-count",
        "container-lease",
        "vlan-map",
        "vlan-history",
        "changes-wait",
        "readiness",
        "reconciler",
        "agent-enrolment",
        "host-work",
        "openapi-3-0",
        "invalid-parameter",
        "name-rule",
        "list-name",
        "list-vlan",
        "changes-stream",
        "manifests",
        "manifest-yaml",
        "manifest-prune",
        "manifest-export",
        "manifest-at",
        "manifest-exchange",
        "idempotency-key",
        "reconciler-failure",
        "checks",
        "reconciler-brake",
        "delete-force-content",
        "router-port-names",
        "tunnel-mtu",
        "vm-force",
        "host-unknown",
        "agent-session",
        "foreign-use",
    ];
}
