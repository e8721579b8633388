package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Rows of raw_predictions from the lines of capture files, and rows with the lines left to others.
 *
 * What belongs here: the columns. What does not: what a record says (`CaptureRecord`).
 */
public final class CaptureReader extends RecordReader {
  private static final UTF8String ACCEPTED = UTF8String.fromString("accepted");
  private static final UTF8String UNREAD = UTF8String.fromString("unread");

  private final CaptureRecord record;
  private final UTF8String[] variants;
  private final UTF8String[] labels;

  public CaptureReader(JsonNode spec, Lines lines, FileGroup group, CollectionAccumulator told) {
    super(spec, lines, group, told);
    record = new CaptureRecord(spec.get("capture"));
    variants = texts(spec.get("tags"));
    labels = texts(spec.get("capture").get("labels"));
  }

  private static UTF8String[] texts(JsonNode list) {
    UTF8String[] texts = new UTF8String[list.size()];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = UTF8String.fromString(((JsonNode) list.get(i)).asText());
    }
    return texts;
  }

  protected void start(FileSlice slice) {
    row.update(0, variants[slice.tag]);
  }

  protected int read(byte[] bytes, int from) {
    return record.read(bytes, from);
  }

  protected int rows() {
    return record.predictions * labels.length;
  }

  protected int entries() {
    return record.predictions;
  }

  protected void fill(int number) {
    int prediction = number / labels.length;
    row.update(1, record.event);
    row.setInt(2, prediction);
    row.setInt(3, record.predictions);
    row.update(4, labels[number % labels.length]);
    row.setDouble(5, record.scores[number]);
    row.setLong(6, record.slices().id(prediction));
    row.update(7, record.slices().values(prediction));
    row.setLong(8, record.time);
    row.update(9, ACCEPTED);
    row.setNullAt(10);
    row.setNullAt(11);
    if (record.amounts().any()) {
      record.amounts().fill(row, 12, prediction);
    }
  }

  protected void fillUnread(UTF8String line) {
    for (int column = 1; column < 9; column++) {
      row.setNullAt(column);
    }
    row.update(9, UNREAD);
    row.update(10, UTF8String.fromString(slice.name()));
    row.update(11, line);
    if (record.amounts().any()) {
      row.setNullAt(12);
      row.setNullAt(13);
    }
  }
}
