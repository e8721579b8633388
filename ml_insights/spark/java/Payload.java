package ml_insights;

/**
 * The text of a captured payload: escapes resolved, base64 decoded, in one buffer that is reused.
 *
 * What belongs here: from the bytes in a line to the bytes of `data`. What does not: which values
 * the text holds. The text is followed by a zero byte, as `JsonScanner` needs it.
 */
public final class Payload {
  private static final int LONGEST = 4 << 20;
  private static final int[] CODES = codes();

  public byte[] text = new byte[4096];
  public int length;

  private static int[] codes() {
    int[] codes = new int[128];
    java.util.Arrays.fill(codes, -1);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < alphabet.length(); i++) {
      codes[alphabet.charAt(i)] = i;
    }
    return codes;
  }

  /** Takes a JSON string's bytes; false for what is left to the plain way. */
  public boolean set(byte[] line, int from, int to, boolean escaped, boolean base64) {
    if (to - from > LONGEST) {
      return false;
    }
    if (text.length < to - from + JsonScanner.SLACK) {
      text = new byte[2 * (to - from) + JsonScanner.SLACK];
    }
    if (escaped) {
      length = unescape(line, from, to);
    } else {
      System.arraycopy(line, from, text, 0, to - from);
      length = to - from;
    }
    if (length >= 0 && base64) {
      length = decode(length);
      if (length >= 0 && !Utf8.valid(text, 0, length)) {
        return false;
      }
    }
    if (length < 0) {
      return false;
    }
    text[length] = 0;
    return true;
  }

  /** Resolves escapes but those by number, which are rare: -1. */
  private int unescape(byte[] line, int from, int to) {
    byte[] out = text;
    int n = 0;
    for (int i = from; i < to; i++) {
      byte sign = line[i];
      if (sign == '\\') {
        sign = line[++i];
        switch (sign) {
          case '"': case '\\': case '/': break;
          case 'b': sign = '\b'; break;
          case 'f': sign = '\f'; break;
          case 'n': sign = '\n'; break;
          case 'r': sign = '\r'; break;
          case 't': sign = '\t'; break;
          default: return -1;
        }
      }
      out[n++] = sign;
    }
    return n;
  }

  /** Decodes padded base64 in place; -1 for any other form of it. */
  private int decode(int encoded) {
    if ((encoded & 3) != 0) {
      return -1;
    }
    int padding = encoded == 0 ? 0 : text[encoded - 1] != '=' ? 0 : text[encoded - 2] != '=' ? 1 : 2;
    for (int i = encoded - padding; i < encoded; i++) {
      text[i] = 'A';
    }
    int n = 0;
    for (int i = 0; i < encoded; i += 4) {
      int bits = code(i) << 18 | code(i + 1) << 12 | code(i + 2) << 6 | code(i + 3);
      if (bits < 0) {
        return -1;
      }
      text[n++] = (byte) (bits >> 16);
      text[n++] = (byte) (bits >> 8);
      text[n++] = (byte) bits;
    }
    return n - padding;
  }

  /** Six bits, or a negative number that stays negative in any place. */
  private int code(int i) {
    return text[i] < 0 ? -1 : CODES[text[i]];
  }
}
