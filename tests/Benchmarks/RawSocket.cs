using System.Net.Sockets;
using System.Text;
using Ovsdb;

namespace Benchmarks;

/// <summary>
/// The floor, the least that a client can do: it sends encoded requests to a blocking Unix socket, and only counts the braces of the
/// answers.
/// </summary>
internal sealed class RawSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _depth;
    private bool _inString;
    private bool _escaped;

    public RawSocket(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    /// <summary>The number of received bytes.</summary>
    public long Received { get; private set; }

    /// <summary>Returns an encoded transaction.</summary>
    public static byte[] Transact(IEnumerable<Op> ops) =>
        Encoding.UTF8.GetBytes($$"""{"method":"transact","params":["{{NestedPort.Database}}",{{string.Join(',', ops)}}],"id":1}""");

    public void Send(byte[] request)
    {
        for (var sent = 0; sent < request.Length; )
        {
            sent += _socket.Send(request.AsSpan(sent));
        }
    }

    /// <summary>Waits for at least one answer. Returns the number of answers.</summary>
    public int Receive()
    {
        var answers = 0;
        while (answers == 0)
        {
            var count = _socket.Receive(_buffer);
            if (count == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            Received += count;
            answers = CountAnswers(_buffer.AsSpan(0, count));
        }

        return answers;
    }

    public void Dispose() => _socket.Dispose();

    private int CountAnswers(ReadOnlySpan<byte> bytes)
    {
        var answers = 0;
        foreach (var b in bytes)
        {
            if (_inString)
            {
                _inString = _escaped || b != '"';
                _escaped = !_escaped && b == '\\';
            }
            else if (b == '"')
            {
                _inString = true;
            }
            else if (b == '{')
            {
                _depth++;
            }
            else if (b == '}' && --_depth == 0)
            {
                answers++;
            }
        }

        return answers;
    }
}
