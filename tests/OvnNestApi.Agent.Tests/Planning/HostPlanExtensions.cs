using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Tests.Planning;

internal static class HostPlanExtensions
{
    /// <summary>Returns the plan's report of one resource.</summary>
    public static ObjectReport ReportOf(this HostPlan plan, Guid id) => Assert.Single(plan.Report.Objects, item => item.Id == id);
}
