using Microsoft.EntityFrameworkCore.Design;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Migrations;

/// <summary>What <c>dotnet ef</c> works on: the model alone, no server.</summary>
internal sealed class DesignTimeDb : IDesignTimeDbContextFactory<NestDb>
{
    public NestDb CreateDbContext(string[] args) => new(NestDbRegistration.Options("Host=none"));
}
