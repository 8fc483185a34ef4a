namespace OvnNestApi.Http;

internal static class JsonBody
{
    public const string MergePatch = "application/merge-patch+json";

    public const string WantsJson = "Send the body with Content-Type: application/json; with curl: curl --json '{…}'.";
}
