using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OvnNestApi.Tests.Harness;

/// <summary>Log of the processes of a test: warnings and errors for the message of a failure, and the number of SQL statements.</summary>
internal sealed class CollectedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();
    private int _statements;

    /// <summary>SQL statements that Entity Framework has run.</summary>
    public int Statements => Volatile.Read(ref _statements);

    public override string ToString() => string.Join('\n', _lines.TakeLast(20));

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose() { }

    private sealed class Category(CollectedLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (eventId.Name?.EndsWith("CommandExecuted", StringComparison.Ordinal) == true)
            {
                Interlocked.Increment(ref log._statements);
            }

            if (logLevel >= LogLevel.Warning)
            {
                log._lines.Enqueue($"{name}: {formatter(state, exception)} {exception}");
            }
        }
    }
}
