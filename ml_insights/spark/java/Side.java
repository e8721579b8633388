package ml_insights;

import java.util.Arrays;

/**
 * What a record says of the request or of the response: content type, encoding and data.
 *
 * What belongs here: the members of one payload. What does not: the values in it.
 */
public final class Side {
  private static final byte[] TYPE = "observedContentType".getBytes();
  private static final byte[] DATA = "data".getBytes();
  private static final byte[] ENCODING = "encoding".getBytes();
  private static final byte[] CSV = "CSV".getBytes();
  private static final byte[] JSON = "JSON".getBytes();
  private static final byte[] BASE64 = "BASE64".getBytes();

  public final Payload payload = new Payload();

  /** Whether the last one has a content type, and which of the encodings it has. */
  public boolean typed;
  public boolean csv;
  public boolean base64;

  /** Where the data stand, and whether they have escapes. */
  public int start;
  public int end;
  public boolean escaped;

  /** Where its content type and its encoding stand; -1 for none. */
  public int typeStart;
  public int encodingStart;

  private byte[] type;

  /** Consumes the object; false if a member is not as it should be, or there is none. */
  public boolean read(JsonScanner json) {
    typed = false;
    typeStart = -1;
    encodingStart = -1;
    boolean data = false;
    boolean encoding = false;
    if (!json.take('{')) {
      return false;
    }
    int found = json.member(true);
    while (found == 1) {
      if (json.is(DATA)) {
        if (data || !json.string()) {
          return false;
        }
        data = true;
        start = json.start;
        end = json.end;
        escaped = json.escaped;
      } else if (json.is(ENCODING)) {
        if (encoding || !json.string() || !encoding(json)) {
          return false;
        }
        encoding = true;
        encodingStart = json.start;
      } else if (json.is(TYPE)) {
        if (typed || !json.string() || json.escaped || !json.ascii) {
          return false;
        }
        typed = true;
        typeStart = json.start;
        type = Arrays.copyOfRange(json.text, json.start, json.end);
      } else if (!json.skip()) {
        return false;
      }
      found = json.member(false);
    }
    return found == 0 && data && encoding;
  }

  private boolean encoding(JsonScanner json) {
    csv = json.is(CSV);
    base64 = json.is(BASE64);
    return csv || base64 || json.is(JSON);
  }

  /** Whether the content type, without its parameters, is this one. */
  public boolean is(byte[] wanted) {
    int to = 0;
    while (to < type.length && type[to] != ';') {
      to++;
    }
    int from = 0;
    while (from < to && type[from] == ' ') {
      from++;
    }
    while (from < to && type[to - 1] == ' ') {
      to--;
    }
    if (to - from != wanted.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      int sign = type[from + i];
      if ((sign >= 'A' && sign <= 'Z' ? sign + 32 : sign) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  /** Takes the data into `payload`; false for what is left to the plain way. */
  public boolean decode(byte[] line) {
    return payload.set(line, start, end, escaped, base64);
  }
}
