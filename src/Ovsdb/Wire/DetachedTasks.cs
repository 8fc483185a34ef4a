namespace Ovsdb;

/// <summary>Waits for requests that continue after their caller has stopped to wait.</summary>
internal static class DetachedTasks
{
    /// <summary>
    /// Waits until the task has completed or the token is cancelled. After a cancellation the task continues, and its exception is ignored.
    /// </summary>
    public static Task WaitDetachedAsync(this Task task, CancellationToken cancellationToken)
    {
        IgnoreException(task);
        return task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc cref="WaitDetachedAsync(Task, CancellationToken)"/>
    public static Task<T> WaitDetachedAsync<T>(this Task<T> task, CancellationToken cancellationToken)
    {
        IgnoreException(task);
        return task.WaitAsync(cancellationToken);
    }

    private static void IgnoreException(Task task) =>
        task.ContinueWith(
            static completed => _ = completed.Exception, // marks the exception as observed
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
}
