using System.Text;

namespace Ovsdb;

/// <summary>The strings that OVSDB can store.</summary>
internal static class StringContent
{
    /// <summary>Returns false for a string with U+0000 or half of a surrogate pair.</summary>
    public static bool IsValid(string text) => !text.Contains('\0') && (Ascii.IsValid(text) || HasWholeSurrogatePairs(text));

    private static bool HasWholeSurrogatePairs(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }
}
