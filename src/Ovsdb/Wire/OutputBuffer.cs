using System.Buffers;

namespace Ovsdb;

/// <summary>A buffer for bytes to send. It grows as needed. Clearing it releases the memory that a large message required.</summary>
internal sealed class OutputBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 16 * 1024;
    private const int MaxRetainedBytes = 1024 * 1024;

    private byte[] _bytes = new byte[InitialBytes];
    private int _count;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

    public void Clear()
    {
        _count = 0;
        if (_bytes.Length > MaxRetainedBytes)
        {
            _bytes = new byte[InitialBytes];
        }
    }

    public void Advance(int count) => _count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(_count);
    }

    private void Ensure(int free)
    {
        var needed = _count + Math.Max(free, 1);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, 2 * _bytes.Length));
        }
    }
}
