package ml_insights;

import java.io.Serializable;

/** A part of a file that one task reads, and what is known of the file. */
public final class FileSlice implements Serializable {
  private final String uri;

  /** Position in the list of tags: the file's variant, or the day its labels were collected. */
  public final int tag;
  public final long start;
  public final long length;

  /** Microseconds since 1970. */
  public final long modified;

  public FileSlice(String uri, int tag, long start, long length, long modified) {
    this.uri = uri;
    this.tag = tag;
    this.start = start;
    this.length = length;
    this.modified = modified;
  }

  public java.net.URI uri() {
    return java.net.URI.create(uri);
  }

  /** The file's name as Spark gives it in `_metadata.file_path`. */
  public String name() {
    return uri;
  }
}
