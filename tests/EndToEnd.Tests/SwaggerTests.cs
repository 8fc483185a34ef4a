using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace EndToEnd.Tests;

/// <summary>A person who explores: Swagger UI in a real browser (Debian's Chromium).</summary>
public sealed class SwaggerTests(Lab lab)
{
    [Fact]
    public async Task Try_it_out_in_a_browser_puts_a_container()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = "/usr/bin/chromium",
                Args =
                [
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                ],
            }
        );
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
        await operation
            .Locator("textarea.body-param__text")
            .FillAsync(new JsonObject { ["spec"] = new JsonObject { ["vlan"] = 53 } }.ToJsonString());
        await operation.Locator("button.execute").ClickAsync();
        await Assertions.Expect(operation.Locator(".live-responses-table tbody .response-col_status").First).ToContainTextAsync("201");

        Assert.Equal(53, (int)(await lab.WhenReadyAsync("/v1/vms/vm5/containers/c53"))["status"]!["effective"]!["vlan"]!);
        await lab.RemoveAsync("/v1/vms/vm5/containers/c53");
    }
}
