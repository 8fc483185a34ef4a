using Microsoft.Playwright;

namespace EndToEnd.Tests;

/// <summary>Swagger UI in Chromium, as a user of the API uses it.</summary>
public sealed class SwaggerTests(Lab lab)
{
    /// <summary>Chromium runs as root and without a GPU, and makes no connections of its own.</summary>
    private static readonly string[] Arguments =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    [Fact]
    public async Task Swagger_UI_creates_a_container_with_Try_it_out()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Arguments });
        var page = await browser.NewPageAsync();
        await page.GotoAsync(new Uri(lab.Server.Url, "swagger").ToString());

        await page.GetByRole(AriaRole.Button, new() { Name = "Authorize" }).First.ClickAsync();
        await page.Locator(".auth-container input").FillAsync(lab.Server.AdminKey);
        await page.Locator(".auth-btn-wrapper button.authorize").ClickAsync();
        await page.Locator(".auth-btn-wrapper .btn-done").ClickAsync();

        var operation = page.Locator("#operations-Containers-put-container");
        await operation.ScrollIntoViewIfNeededAsync();
        await operation.Locator(".opblock-summary-control").ClickAsync();
        await operation.Locator("tr[data-param-name=vm] input").FillAsync("vm5");
        await operation.Locator("tr[data-param-name=name] input").FillAsync("c53");
        await operation.Locator("textarea.body-param__text").FillAsync("""{"spec":{"vlan":53}}""");
        await operation.Locator("button.execute").ClickAsync();
        await Assertions.Expect(operation.Locator(".live-responses-table tbody .response-col_status").First).ToContainTextAsync("201");

        Assert.Equal(53, (int)(await lab.WhenReadyAsync("/v1/vms/vm5/containers/c53"))["status"]!["effective"]!["vlan"]!);
        await lab.RemoveAsync("/v1/vms/vm5/containers/c53");
    }
}
