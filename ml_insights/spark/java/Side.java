package ml_insights;


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

  private int typeStart;
  private int typeEnd;
  private int start;
  private int end;
  private boolean escaped;

  /** Consumes the object; false if a member is not as it should be, or there is none. */
  public boolean read(JsonScanner json) {
    typed = false;
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
      } else if (json.is(TYPE)) {
        if (typed || !json.string() || json.escaped || !json.ascii) {
          return false;
        }
        typed = true;
        typeStart = json.start;
        typeEnd = json.end;
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
  public boolean is(byte[] type, byte[] line) {
    int to = typeStart;
    while (to < typeEnd && line[to] != ';') {
      to++;
    }
    int from = typeStart;
    while (from < to && line[from] == ' ') {
      from++;
    }
    while (from < to && line[to - 1] == ' ') {
      to--;
    }
    if (to - from != type.length) {
      return false;
    }
    for (int i = 0; i < type.length; i++) {
      int sign = line[from + i];
      if ((sign >= 'A' && sign <= 'Z' ? sign + 32 : sign) != type[i]) {
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
