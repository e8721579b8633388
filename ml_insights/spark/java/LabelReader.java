package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Labels by event from the lines of ground truth files, and rows with the lines left to others.
 *
 * What belongs here: the columns. What does not: what a record says (`LabelRecord`).
 */
public final class LabelReader extends RecordReader {
  private static final UTF8String ACCEPTED = UTF8String.fromString("accepted");
  private static final UTF8String UNREAD = UTF8String.fromString("unread");

  private final LabelRecord record;
  private final UTF8String[] days;
  private final LabelTexts others;

  public LabelReader(JsonNode spec, Lines lines, FileGroup group, CollectionAccumulator told) {
    super(spec, lines, group, told);
    record = new LabelRecord(spec.get("labels"));
    others = new LabelTexts(spec.get("others"));
    days = new UTF8String[spec.get("tags").size()];
    for (int i = 0; i < days.length; i++) {
      days[i] = UTF8String.fromString(((JsonNode) spec.get("tags").get(i)).asText());
    }
  }

  protected void start(FileSlice slice) {
    row.update(2, UTF8String.fromString(slice.name()));
    row.setLong(3, slice.modified);
    row.update(4, days[slice.tag]);
  }

  protected int read(byte[] bytes, int from) {
    return record.read(bytes, from);
  }

  protected int rows() {
    return 1;
  }

  protected int entries() {
    return record.size;
  }

  protected String said() {
    return others.json();
  }

  protected void fill(int number) {
    record.countOthers(others);
    Object[] codes = new Object[record.size];
    System.arraycopy(record.codes, 0, codes, 0, codes.length);
    row.update(0, record.event);
    row.update(1, new GenericArrayData(codes));
    row.setNullAt(5);
    row.update(6, ACCEPTED);
  }

  protected void fillUnread(UTF8String line) {
    row.setNullAt(0);
    row.setNullAt(1);
    row.update(5, line);
    row.update(6, UNREAD);
  }
}
