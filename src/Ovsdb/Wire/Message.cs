using System.Buffers;

namespace Ovsdb;

/// <summary>One JSON-RPC message (RFC 7047 §4), cut out of the stream but not parsed: the bytes of each member, empty for one that is not there.</summary>
internal struct Message
{
    public ReadOnlySequence<byte> Id;
    public ReadOnlySequence<byte> Method;
    public ReadOnlySequence<byte> Params;
    public ReadOnlySequence<byte> Result;
    public ReadOnlySequence<byte> Error;

    /// <summary>The first byte behind the message.</summary>
    public SequencePosition End;
}
