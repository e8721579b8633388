package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Accepted records from the lines of capture files, many to a row, and rows with the lines left to
 * others; for `CaptureWriter`.
 *
 * What belongs here: the rows. What does not: what a record says (`CaptureRecord`).
 */
public final class CaptureReader extends RecordReader {
  private static final UTF8String ACCEPTED = UTF8String.fromString("accepted");
  private static final UTF8String UNREAD = UTF8String.fromString("unread");
  private static final int FULL = 1 << 18;

  private final CaptureRecord record;
  private final int labels;
  private final UTF8String[] variants;
  private final Packed block = new Packed();

  public CaptureReader(JsonNode spec, Lines lines, FileGroup group, CollectionAccumulator told) {
    super(spec, lines, group, told);
    record = new CaptureRecord(spec.get("capture"));
    labels = spec.get("capture").get("labels").size();
    variants = new UTF8String[spec.get("tags").size()];
    for (int i = 0; i < variants.length; i++) {
      variants[i] = UTF8String.fromString(((JsonNode) spec.get("tags").get(i)).asText());
    }
  }

  protected void start(FileSlice slice) {
    row.update(0, variants[slice.tag]);
  }

  protected int read(byte[] bytes, int from) {
    return record.read(bytes, from);
  }

  protected int entries() {
    return record.predictions;
  }

  /** Packs the record; a row when that filled the block. */
  protected int rows() {
    record.write(block, labels);
    return block.at < FULL ? 0 : 1;
  }

  /** The records of a variant that are left. */
  protected int rest() {
    return block.at == 0 ? 0 : 1;
  }

  protected void fill(int number) {
    row.update(1, ACCEPTED);
    row.update(2, Arrays.copyOf(block.bytes, block.at + Packed.SLACK));
    row.setNullAt(3);
    row.setNullAt(4);
    block.at = 0;
  }

  protected void fillUnread(UTF8String line) {
    row.update(1, UNREAD);
    row.setNullAt(2);
    row.update(3, UTF8String.fromString(slice.name()));
    row.update(4, line);
  }
}
