package ml_insights;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * Which task reads which part of the files.
 *
 * What belongs here: cutting large files and packing small ones. What does not: which files there
 * are (`Listing`), and reading them.
 */
public final class Tasks {
  private final Configuration configuration;
  private final long most;
  private final long openCost;

  /** @param most bytes of a task. @param openCost bytes that opening a file costs as much as. */
  public Tasks(Configuration configuration, long most, long openCost) {
    this.configuration = configuration;
    this.most = most;
    this.openCost = openCost;
  }

  /** Packs files for tasks, in order; the position of a list among the lists is its files' tag. */
  public FileGroup[] plan(List[] files, int parallelism) {
    long total = 0;
    for (int tag = 0; tag < files.length; tag++) {
      for (int n = 0; n < files[tag].size(); n++) {
        total += ((FileStatus) files[tag].get(n)).getLen() + openCost;
      }
    }
    long target = Math.max(openCost, Math.min(most, total / parallelism + 1));
    List slices = new ArrayList();
    for (int tag = 0; tag < files.length; tag++) {
      for (int n = 0; n < files[tag].size(); n++) {
        slices((FileStatus) files[tag].get(n), tag, target, slices);
      }
    }
    return packed(slices, target);
  }

  private void slices(FileStatus file, int tag, long target, List slices) {
    // What is compressed can only be read from its start.
    boolean whole = new CompressionCodecFactory(configuration).getCodec(file.getPath()) != null;
    long length = file.getLen();
    long parts = whole ? 1 : Math.max(1, (length + target / 2) / target);
    String uri = new Path(file.getPath().toString()).toUri().toString();
    for (long part = 0; part < parts; part++) {
      long start = length / parts * part;
      long end = part + 1 == parts ? length : length / parts * (part + 1);
      slices.add(new FileSlice(uri, tag, start, end - start, file.getModificationTime() * 1000L));
    }
  }

  private FileGroup[] packed(List slices, long target) {
    List groups = new ArrayList();
    List group = new ArrayList();
    long size = 0;
    for (int i = 0; i < slices.size(); i++) {
      FileSlice slice = (FileSlice) slices.get(i);
      if (!group.isEmpty() && size + slice.length > target + openCost) {
        groups.add(new FileGroup(groups.size(), (FileSlice[]) group.toArray(new FileSlice[0])));
        group.clear();
        size = 0;
      }
      group.add(slice);
      size += slice.length + openCost;
    }
    if (!group.isEmpty()) {
      groups.add(new FileGroup(groups.size(), (FileSlice[]) group.toArray(new FileSlice[0])));
    }
    return (FileGroup[]) groups.toArray(new FileGroup[0]);
  }
}
