using System.Buffers;

namespace Ovsdb;

/// <summary>Bytes on their way out: grows as needed, is emptied as a whole, and gives back what one large message has needed.</summary>
internal sealed class OutBuffer : IBufferWriter<byte>
{
    private const int Usual = 16 * 1024;
    private const int Kept = 1024 * 1024;

    private byte[] _bytes = new byte[Usual];
    private int _count;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

    public void Clear()
    {
        _count = 0;
        if (_bytes.Length > Kept)
        {
            _bytes = new byte[Usual];
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
