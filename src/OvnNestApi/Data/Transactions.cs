using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;
using Npgsql;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using Polly;

namespace OvnNestApi.Data;

/// <summary>Runs writing transactions: READ COMMITTED, run again as a whole when PostgreSQL reports that they lost a race.</summary>
internal sealed class Transactions(IOptions<TransactionOptions> options, TimeProvider time, Random random)
{
    private readonly ResiliencePipeline _retry = Retries.OfLostRaces(options.Value, time, random);

    /// <summary>Runs <paramref name="body"/> in a transaction, which is committed if there is no problem.</summary>
    /// <param name="body">Runs once for each attempt, with an empty change tracker: it must not keep entities of a former attempt.</param>
    /// <returns>
    /// Null after a commit; else the problem of the body, the conflict that the last attempt met, or <c>outcome-unknown</c> if the
    /// connection broke during the commit.
    /// </returns>
    public async Task<Problem?> RunAsync(NestDb db, Func<CancellationToken, Task<Problem?>> body, CancellationToken cancellationToken)
    {
        var answer = await RunAsync<bool>(db, async token => await body(token) is { } problem ? problem : true, cancellationToken);
        return answer.Problem;
    }

    /// <inheritdoc cref="RunAsync(NestDb, Func{CancellationToken, Task{Problem?}}, CancellationToken)"/>
    /// <returns>The value of the attempt that was committed, or the problem.</returns>
    public Task<Answer<T>> RunAsync<T>(NestDb db, Func<CancellationToken, Task<Answer<T>>> body, CancellationToken cancellationToken) =>
        RunAsync(db, body, dryRun: false, cancellationToken);

    /// <inheritdoc cref="RunAsync{T}(NestDb, Func{CancellationToken, Task{Answer{T}}}, CancellationToken)"/>
    /// <param name="dryRun">True to roll the transaction back in any case.</param>
    public async Task<Answer<T>> RunAsync<T>(
        NestDb db,
        Func<CancellationToken, Task<Answer<T>>> body,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        // A failed statement ends the whole attempt, so a savepoint before each save would only cost two round trips.
        db.Database.AutoSavepointsEnabled = false;
        try
        {
            return await _retry.ExecuteAsync(async token => await AttemptAsync(db, body, dryRun, token), cancellationToken);
        }
        catch (Exception e) when (Conflicts.Of(e) is { } conflict)
        {
            return conflict.Problem;
        }
    }

    private static async Task<Answer<T>> AttemptAsync<T>(
        NestDb db,
        Func<CancellationToken, Task<Answer<T>>> body,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        db.ChangeTracker.Clear();
        db.TouchedHosts.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var answer = await body(cancellationToken);
        if (answer.Problem is not null)
        {
            return answer;
        }

        await db.SaveChangesAsync(cancellationToken);
        return !dryRun && await CommitAsync(transaction, cancellationToken) is { } unknown ? unknown : answer;
    }

    private static async Task<Problem?> CommitAsync(IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Not cancellable: a commit has an outcome even if the client no longer waits for it.
            await transaction.CommitAsync(CancellationToken.None);
            return null;
        }
        catch (Exception e)
            when (e.GetBaseException()
                    is not PostgresException { SqlState: not (PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown) }
            )
        {
            // Only an error from a server that keeps running proves that the commit failed.
            return Problem.OutcomeUnknown();
        }
    }
}
