using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Sends ICMP echo requests (RFC 792) from a network namespace, without a program for it: a raw socket belongs to the namespace of the
/// thread that creates it. One thread sends and receives, so the measured times contain no change of threads.
/// </summary>
internal static class Ping
{
    private const int BufferLength = 1500;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1); // after the last request

    /// <summary>
    /// Pings from the namespace, if it has an owner mark of the check's resource. Takes at most 200 ms for each request and 1 s for the
    /// last reply.
    /// </summary>
    public static async Task<CheckResult> RunAsync(HostCheck check, TimeProvider time)
    {
        CheckResult? result = null;
        try
        {
            await NetworkReader.RunInNamespaceAsync(check.Namespace, () => result = RunHere(check, time));
        }
        catch (SocketException e)
        {
            result = e.SocketErrorCode switch
            {
                SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown => Failed(CheckFailure.NoRoute),
                _ => Failed(CheckFailure.Error, $"The ping could not be sent: {e.Message}."),
            };
        }
        catch (Win32Exception)
        {
            // The namespace does not exist.
        }

        return result ?? Failed(CheckFailure.NoNamespace);
    }

    /// <summary>Returns the result of a check that could not be run.</summary>
    /// <param name="message">The failure as a sentence; null if there is nothing more to say.</param>
    public static CheckResult Failed(CheckFailure failure, string? message = null) => new(0, 0, null, failure, message);

    private static CheckResult? RunHere(HostCheck check, TimeProvider time)
    {
        if (!Netlink.Read().Links.Values.Any(link => link.Owner?.Id == check.ObjectId))
        {
            return null;
        }

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        return Exchange(socket, IPAddress.Parse(check.Address), check.Count, time);
    }

    private static CheckResult Exchange(Socket socket, IPAddress target, int count, TimeProvider time)
    {
        var (echo, remote, buffer) = (new Echo(target), new IPEndPoint(target, 0), new byte[BufferLength]);
        var (start, sentAt) = (time.GetTimestamp(), new long[count]);
        var answers = new Dictionary<int, EchoAnswer>();
        var trips = new List<double>();
        for (var sent = 0; ; )
        {
            if (sent < count && time.GetElapsedTime(start) >= Interval * sent)
            {
                var request = echo.Request(sent);
                sentAt[sent] = time.GetTimestamp();
                socket.SendTo(request, remote);
                sent++;
            }

            var pause = sent < count ? (Interval * sent) - time.GetElapsedTime(start) : LongestWait - time.GetElapsedTime(sentAt[^1]);
            if (sent == count && (answers.Count == count || pause <= TimeSpan.Zero))
            {
                return Result(count, trips, answers.Values);
            }

            if (pause > TimeSpan.Zero && socket.Poll(pause, SelectMode.SelectRead))
            {
                var length = socket.Receive(buffer);
                var now = time.GetTimestamp();
                if (echo.Read(buffer.AsSpan(0, length)) is { } answer && answer.Sequence < sent && answers.TryAdd(answer.Sequence, answer))
                {
                    if (answer.Error is null)
                    {
                        trips.Add(time.GetElapsedTime(sentAt[answer.Sequence], now).TotalMilliseconds);
                    }
                }
            }
        }
    }

    private static CheckResult Result(int sent, List<double> trips, IEnumerable<EchoAnswer> answers) =>
        trips.Count > 0
            ? new(sent, trips.Count, new(Round(trips.Min()), Round(trips.Average()), Round(trips.Max())), null, null)
            : new(sent, 0, null, null, answers.Select(answer => answer.Error).FirstOrDefault());

    private static double Round(double milliseconds) => Math.Round(milliseconds, 3);
}
