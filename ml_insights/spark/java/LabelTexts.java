package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What labels say that the settings do not name, and how often each of it came, in little memory.
 *
 * What belongs here: counting texts (`other_labels.py` says which, and adds up what tasks counted). What
 * does not: which labels the settings name (`LabelRecord`). Of many texts the first in their order keep
 * their counts: none of them is ever among those left out, so the counts are exact and the same however
 * labels are divided among tasks.
 */
public final class LabelTexts {
  private static final double LONGEST_WHOLE = 1e15;

  private final int most;
  private final int longest;
  private final Decimal number = new Decimal();

  /** In their order. */
  private final byte[][] texts;
  private final long[] counts;
  private int size;
  private long more;

  /** The last text as it was written, and how often it came since it was another. */
  private byte[] last = new byte[0];
  private long times;

  /** @param bounds `most` texts that are told apart, and the `longest` in bytes; the rest is cut. */
  public LabelTexts(JsonNode bounds) {
    most = bounds.get("most").asInt();
    longest = bounds.get("longest").asInt();
    texts = new byte[most][];
    counts = new long[most];
  }

  /** Counts a text of ASCII. Most labels say what the one before has said. */
  public void add(byte[] bytes, int from, int to) {
    if (!Arrays.equals(last, 0, last.length, bytes, from, to)) {
      countLast();
      last = Arrays.copyOfRange(bytes, from, to);
    }
    times++;
  }

  /** Counts a text that `ground_truth.py` has made what it is to be counted as. */
  public void add(byte[] text) {
    count(text, 1);
  }

  private void countLast() {
    if (times > 0) {
      byte[] text = number.read(last, 0, last.length) ? text(number.value) : last;
      count(text.length > longest ? Arrays.copyOf(text, longest) : text, times);
      times = 0;
    }
  }

  /** One text for all ways to write a number, as they are one label. */
  private static byte[] text(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < LONGEST_WHOLE;
    return (whole ? Long.toString((long) value) : Double.toString(value)).getBytes();
  }

  private void count(byte[] text, long number) {
    int at = 0;
    while (at < size && Arrays.compareUnsigned(texts[at], text) < 0) {
      at++;
    }
    if (at < size && Arrays.equals(texts[at], text)) {
      counts[at] += number;
    } else if (at == most) {
      more += number;
    } else {
      insert(at, text, number);
    }
  }

  private void insert(int at, byte[] text, long number) {
    if (size == most) {
      more += counts[--size];
    }
    System.arraycopy(texts, at, texts, at + 1, size - at);
    System.arraycopy(counts, at, counts, at + 1, size - at);
    texts[at] = text;
    counts[at] = number;
    size++;
  }

  /** `texts`, each with its count, and `more`, the number of labels with any other. */
  public String json() {
    countLast();
    ObjectNode told = new ObjectMapper().createObjectNode().put("more", more);
    ObjectNode each = told.putObject("texts");
    for (int i = 0; i < size; i++) {
      each.put(new String(texts[i], StandardCharsets.UTF_8), counts[i]);
    }
    return told.toString();
  }
}
