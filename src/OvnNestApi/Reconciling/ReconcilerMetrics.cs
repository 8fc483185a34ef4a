using System.Diagnostics.Metrics;

namespace OvnNestApi.Reconciling;

/// <summary>The meter <c>OvnNestApi.Reconciler</c>.</summary>
internal static class ReconcilerMetrics
{
    public const string Name = "OvnNestApi.Reconciler";

    private static readonly Meter Meter = new(Name);

    public static Counter<long> Passes { get; } =
        Meter.CreateCounter<long>("nest.reconciler.passes", "{pass}", "Passes that had something to look at; full or not");

    public static Histogram<double> Duration { get; } =
        Meter.CreateHistogram<double>("nest.reconciler.duration", "s", "How long such a pass took");

    public static Counter<long> Operations { get; } =
        Meter.CreateCounter<long>("nest.reconciler.operations", "{operation}", "Operations committed in the northbound database");

    public static Counter<long> Repairs { get; } =
        Meter.CreateCounter<long>("nest.reconciler.repairs", "{object}", "Objects repaired though nobody asked for a change");

    public static Counter<long> Refusals { get; } =
        Meter.CreateCounter<long>("nest.reconciler.refusals", "{object}", "Objects that the northbound database refused");
}
