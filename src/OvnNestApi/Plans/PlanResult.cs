using System.Globalization;
using System.Text;
using OvnNestApi.HostPlanning.Commands;
using OvnNestApi.Http;

namespace OvnNestApi.Plans;

/// <summary>Response with a plan: as JSON, or as lines of a shell.</summary>
public sealed class PlanResult(PlanView plan) : IResult, IStatusCodeHttpResult, IValueHttpResult<PlanView>
{
    /// <inheritdoc/>
    public int? StatusCode => StatusCodes.Status200OK;

    /// <inheritdoc/>
    public PlanView Value => plan;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.Headers.CacheControl = "no-store";
        if (Representations.Of(httpContext).Choose(httpContext.Request) != Representations.Text)
        {
            return JsonAnswer.WriteAsync(response, plan, httpContext.RequestAborted);
        }

        var body = Encoding.UTF8.GetBytes(Text(plan));
        response.ContentType = $"{Representations.Text}; charset=utf-8";
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    private static string Text(PlanView plan)
    {
        var lines = new List<string>();
        Say(plan.Brake is null ? null : $"The safety brake holds back a pass: {plan.Brake}");
        foreach (var item in plan.Items)
        {
            lines.Add("");
            Say(string.Join(' ', item.Kind, item.Vm is null ? item.Name ?? $"{item.Id}, unknown" : $"{item.Vm}/{item.Name}"));
            Say(item.Message);
            lines.AddRange(item.Commands);
        }

        if (plan.Count > plan.Items.Count)
        {
            lines.Add("");
            Say(string.Create(CultureInfo.InvariantCulture, $"{plan.Count - plan.Items.Count} more resources: ask for more with limit"));
        }

        foreach (var host in plan.Hosts)
        {
            lines.Add("");
            Say($"on host {host.Name}: {string.Join(", ", host.Resources)}");
            lines.AddRange(host.Commands);
        }

        if (lines.Count == 0)
        {
            Say("Nothing to do.");
        }

        return string.Concat(lines.SkipWhile(line => line.Length == 0).Select(line => $"{line}\n"));

        void Say(string? text)
        {
            if (text is not null)
            {
                lines.Add(Shell.Comment(text));
            }
        }
    }
}
