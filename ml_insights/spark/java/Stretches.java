package ml_insights;

import com.fasterxml.jackson.databind.node.ArrayNode;

/** Consecutive files of a listing, cut where the next one would exceed a bound. */
public final class Stretches {
  private final ArrayNode done;
  private final long maxFiles;
  private final long maxBytes;
  private String last;
  private long files;
  private long bytes;
  private long filesBefore;
  private long bytesBefore;

  /** @param done gets the last name ("" for the end of the folder), files and bytes of each stretch. */
  public Stretches(ArrayNode done, long maxFiles, long maxBytes) {
    this.done = done;
    this.maxFiles = maxFiles;
    this.maxBytes = maxBytes;
  }

  public void add(String name, long length) {
    if (files > 0 && (files == maxFiles || bytes + length > maxBytes)) {
      done.addArray().add(last).add(files).add(bytes);
      filesBefore += files;
      bytesBefore += bytes;
      files = 0;
      bytes = 0;
    }
    last = name;
    files++;
    bytes += length;
  }

  /** Ends the last stretch. Of files that came in no order none can be found again: they are one. */
  public void end(boolean ordered) {
    if (!ordered) {
      done.removeAll();
      files += filesBefore;
      bytes += bytesBefore;
    }
    done.addArray().add("").add(files).add(bytes);
  }
}
