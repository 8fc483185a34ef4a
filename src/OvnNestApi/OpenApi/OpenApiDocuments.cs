using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OvnNestApi.Resources;

namespace OvnNestApi.OpenApi;

/// <summary>Completes the document as a whole: title, tags, authentication, problems and the types of specs.</summary>
internal static class OpenApiDocuments
{
    private const string Description = """
        Keeps OVN's nested ports, VLAN tags and hosts in agreement. Clients store the desired networks, VMs and containers. The service
        brings the northbound database and the bridges of the hosts to that state. Every resource shows whether it is ready, and if not,
        why.

        All resources have the same shape. The client sets `name`, `labels`, `description` and `spec`, and gets them back as sent. The
        service sets `status` and `metadata`, and ignores them in requests. Clients choose the names, so PUT creates a resource. Errors are
        problem details (RFC 9457) with a stable `code` and, if the error is in a field, JSON pointers to it. A URL answers a method that it
        does not support with 405 and the header `Allow`; an unknown URL is 404. HEAD is supported wherever GET is.
        """;

    /// <summary>The tags after those of the kinds of resources.</summary>
    private static readonly (string Name, string Description)[] Tags =
    [
        ("VLAN leases", "The VLAN tags of a VM and their state: reserved, bound, draining or cooling."),
        ("Checks", "Pings from VMs and containers, which the agents of their hosts send."),
        ("Readiness", "How many resources are ready, and what the others wait for."),
        ("Plan", "What the service would do next."),
        ("Changes", "Log of all changes, with the client that made each."),
        ("Agents", "Used by the agents of hosts: enrolment, work and reports."),
        ("API keys", "Keys with which clients authenticate."),
        ("Service", "State, version and limits of this service."),
    ];

    public static Task TransformAsync(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        document.Info = new()
        {
            Title = "OvnNestApi",
            Version = "v1",
            Description = Description,
            License = new() { Name = "Apache-2.0", Url = new("https://www.apache.org/licenses/LICENSE-2.0") },
            Contact = new() { Name = "The OvnNestApi developers" },
        };
        document.Servers = [new() { Url = "/", Description = "This service." }];
        RemoveHead(document);
        OpenApiProblems.AddTo(document);
        OpenApiSpecs.ShareSpecSchemas(document);
        OpenApiNulls.Simplify(document, isOld: context.DocumentName == OpenApiSetup.OldDocument);
        var kinds = context.ApplicationServices.GetRequiredService<ResourceKinds>().All;
        OpenApiTexts.Complete(document, kinds);
        AddTags(document, kinds);
        document.AddComponent<IOpenApiSecurityScheme>(
            OpenApiOperations.SecurityScheme,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key: `Authorization: Bearer nest_…`. The command `create-key` creates the first admin key.",
            }
        );
        return Task.CompletedTask;
    }

    public static IEnumerable<OpenApiOperation> OperationsOf(OpenApiDocument document) =>
        document.Paths.Values.SelectMany(path => path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>());

    /// <summary>Returns the kinds in the order of their tags: networks first, because all other resources need or serve them.</summary>
    public static IEnumerable<ResourceKind> ByTag(IEnumerable<ResourceKind> kinds) =>
        kinds.OrderByDescending(kind => kind.Name == "network");

    /// <summary>Removes HEAD, which every path with GET has, with the same headers and no body.</summary>
    private static void RemoveHead(OpenApiDocument document)
    {
        foreach (var path in document.Paths.Values)
        {
            path.Operations?.Remove(HttpMethod.Head);
        }
    }

    /// <summary>Lists the tags in use: the known ones first, in their order, then the others.</summary>
    private static void AddTags(OpenApiDocument document, IReadOnlyList<ResourceKind> kinds)
    {
        var used = OperationsOf(document)
            .SelectMany(operation => operation.Tags ?? new HashSet<OpenApiTagReference>())
            .Select(tag => tag.Name)
            .OfType<string>()
            .ToHashSet();
        var known = ByTag(kinds)
            .Select(kind => (Name: kind.Tag, Description: kind.TagDescription))
            .Concat(Tags)
            .Where(tag => used.Contains(tag.Name))
            .ToList();
        var others = used.Except(known.Select(tag => tag.Name)).Select(name => (Name: name, Description: name));
        document.Tags = new HashSet<OpenApiTag>(
            known.Concat(others).Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description })
        );
    }
}
