using System.Data;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Runs a writing transaction: READ COMMITTED, retried as a whole when PostgreSQL says that it lost a race.</summary>
internal static class WriteTransaction
{
    private const int Attempts = 8;

    /// <summary>
    /// Runs <paramref name="body"/> in a transaction. No problem: saved and committed. A problem, or <paramref name="dryRun"/>: rolled back.
    /// </summary>
    /// <param name="body">May run several times, each time with an empty change tracker: it must not keep entities of a former run.</param>
    /// <returns>The body's problem; a conflict that remains after the retries; <c>outcome-unknown</c> when the link broke while committing; else null.</returns>
    public static async Task<Problem?> RunAsync(
        NestDb db,
        Func<CancellationToken, Task<Problem?>> body,
        CancellationToken cancellationToken,
        bool dryRun = false
    )
    {
        var answer = await RunAsync<bool>(db, async token => await body(token) is { } problem ? problem : true, cancellationToken, dryRun);
        return answer.TryGet(out _, out var refused) ? null : refused;
    }

    /// <inheritdoc cref="RunAsync(NestDb, Func{CancellationToken, Task{Problem?}}, CancellationToken, bool)"/>
    /// <returns>The value of the run that was committed, or the problem.</returns>
    public static async Task<Answer<T>> RunAsync<T>(
        NestDb db,
        Func<CancellationToken, Task<Answer<T>>> body,
        CancellationToken cancellationToken,
        bool dryRun = false
    )
    {
        // A failed statement ends the whole run here, so a savepoint before each save would only cost two round trips.
        db.Database.AutoSavepointsEnabled = false;
        for (var attempt = 1; ; attempt++)
        {
            db.ChangeTracker.Clear();
            db.TouchedHosts.Clear();
            try
            {
                await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
                var answer = await body(cancellationToken);
                if (!answer.TryGet(out _, out var problem))
                {
                    return problem;
                }

                await db.SaveChangesAsync(cancellationToken);
                if (!dryRun && await CommitAsync(transaction, cancellationToken) is { } unknown)
                {
                    return unknown;
                }

                return answer;
            }
            catch (Exception e) when (Conflicts.Of(e) is { } conflict)
            {
                // A unique index says that somebody was faster: the next run sees their row, and tells who it is.
                if (attempt == Attempts)
                {
                    return conflict.Problem;
                }

                var pause = TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1, 5 << Math.Min(attempt, 5)));
                await Task.Delay(pause, TimeProvider.System, cancellationToken);
            }
        }
    }

    private static async Task<Problem?> CommitAsync(
        Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Not cancellable: a commit that the client no longer waits for has an outcome all the same.
            await transaction.CommitAsync(CancellationToken.None);
            return null;
        }
        catch (Exception e)
            when (e.GetBaseException()
                    is not PostgresException { SqlState: not (PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown) }
            )
        {
            // Anything but a refusal by a server that goes on: the commit may have been done.
            return Problem.OutcomeUnknown();
        }
    }
}
