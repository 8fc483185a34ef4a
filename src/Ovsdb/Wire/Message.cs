using System.Buffers;

namespace Ovsdb;

/// <summary>
/// A JSON-RPC message (RFC 7047 §4) that is not parsed yet: the bytes of each member, empty if the message does not have it.
/// </summary>
internal struct Message
{
    public ReadOnlySequence<byte> Id;
    public ReadOnlySequence<byte> Method;
    public ReadOnlySequence<byte> Params;
    public ReadOnlySequence<byte> Result;
    public ReadOnlySequence<byte> Error;

    /// <summary>The position after the message.</summary>
    public SequencePosition End;
}
