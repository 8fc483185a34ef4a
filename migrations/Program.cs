using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;

// Brings the database's schema up to date, says what it applied, and ends.

var connection = Environment.GetEnvironmentVariable("ConnectionStrings__Nest");
if (string.IsNullOrEmpty(connection))
{
    await Console.Error.WriteLineAsync("ConnectionStrings__Nest is not set: an Npgsql connection string of the database to migrate.");
    return 2;
}

await using var db = new NestDb(NestDbRegistration.Options(connection));
var pending = (await db.Database.GetPendingMigrationsAsync()).ToList();
await db.Database.MigrateAsync();
Console.WriteLine(pending.Count == 0 ? "The schema is up to date." : $"Applied: {string.Join(", ", pending)}.");
return 0;
