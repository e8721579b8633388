package ml_insights;

import org.apache.spark.sql.connector.read.InputPartition;

/** What one task reads. */
public final class FileGroup implements InputPartition {
  /** Among the groups of a table. */
  public final int number;

  public final FileSlice[] slices;

  public FileGroup(int number, FileSlice[] slices) {
    this.number = number;
    this.slices = slices;
  }
}
