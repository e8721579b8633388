package ml_insights;

/** Which bytes are UTF-8, as the Unicode standard defines it (its table 3-7). */
public final class Utf8 {
  private Utf8() {}

  /** Position after the character that starts at `i`; -1 if these bytes are none. */
  public static int after(byte[] bytes, int i, int limit) {
    int first = bytes[i] & 0xff;
    if (first < 0x80) {
      return i + 1;
    }
    int length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || i + length > limit) {
      return -1;
    }
    int second = bytes[i + 1] & 0xff;
    int low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) {
      return -1;
    }
    for (int n = 2; n < length; n++) {
      if ((bytes[i + n] & 0xc0) != 0x80) {
        return -1;
      }
    }
    return i + length;
  }

  /** Whether all bytes of a range are UTF-8. */
  public static boolean valid(byte[] bytes, int from, int to) {
    int i = from;
    while (i >= 0 && i < to) {
      i = bytes[i] >= 0 ? i + 1 : after(bytes, i, to);
    }
    return i == to;
  }
}
