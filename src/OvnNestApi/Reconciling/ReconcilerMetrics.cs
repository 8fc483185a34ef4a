using System.Diagnostics.Metrics;

namespace OvnNestApi.Reconciling;

/// <summary>Instruments of the meter <c>OvnNestApi.Reconciler</c>.</summary>
internal static class ReconcilerMetrics
{
    public const string Name = "OvnNestApi.Reconciler";

    private static readonly Meter Meter = new(Name);

    public static Counter<long> Passes { get; } =
        Meter.CreateCounter<long>("nest.reconciler.passes", "{pass}", "Passes that had something to compare; tag full");

    public static Counter<long> Failures { get; } =
        Meter.CreateCounter<long>("nest.reconciler.failures", "{pass}", "Passes that failed and were repeated");

    public static Histogram<double> Duration { get; } =
        Meter.CreateHistogram<double>("nest.reconciler.duration", "s", "Duration of such a pass");

    public static Counter<long> Operations { get; } =
        Meter.CreateCounter<long>("nest.reconciler.operations", "{operation}", "Operations committed in the northbound database");

    public static Counter<long> Repairs { get; } =
        Meter.CreateCounter<long>(
            "nest.reconciler.repairs",
            "{object}",
            "Resources repaired after drift, without a request through the API"
        );

    public static Counter<long> Refusals { get; } =
        Meter.CreateCounter<long>("nest.reconciler.refusals", "{object}", "Resources whose rows the northbound database rejected");
}
