package ml_insights;

import org.apache.spark.sql.connector.read.InputPartition;

/** What one task reads. */
public final class FileGroup implements InputPartition {
  public final FileSlice[] slices;

  public FileGroup(FileSlice[] slices) {
    this.slices = slices;
  }
}
