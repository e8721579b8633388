package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * Which files a job reads, and which task reads which part of them.
 *
 * What belongs here: listing and packing. What does not: reading. Hidden are the same files as for
 * Spark's own sources: names that start with a dot, or with an underscore and have no `=`.
 */
public final class Folders {
  private final Configuration configuration;

  public Folders(Configuration configuration) {
    this.configuration = configuration;
  }

  /** Packs the files of folders for tasks, in order. */
  public FileGroup[] plan(JsonNode spec, int parallelism) throws IOException {
    List slices = new ArrayList();
    long total = 0;
    JsonNode folders = spec.get("folders");
    long openCost = spec.get("open_bytes").asLong();
    long most = spec.get("task_bytes").asLong();
    List found = new ArrayList();
    for (int i = 0; i < folders.size(); i++) {
      List files = files(((JsonNode) folders.get(i)).get("path").asText(), spec.get("recursive").asBoolean());
      found.add(files);
      for (int n = 0; n < files.size(); n++) {
        total += ((FileStatus) files.get(n)).getLen() + openCost;
      }
    }
    long target = Math.max(openCost, Math.min(most, total / parallelism + 1));
    for (int i = 0; i < folders.size(); i++) {
      List files = (List) found.get(i);
      for (int n = 0; n < files.size(); n++) {
        slices((FileStatus) files.get(n), ((JsonNode) folders.get(i)).get("tag").asInt(), target, slices);
      }
    }
    return packed(slices, target, openCost);
  }

  private List files(String folder, boolean recursive) throws IOException {
    Path root = new Path(folder);
    FileSystem system = root.getFileSystem(configuration);
    int depth = system.makeQualified(root).depth();
    List files = new ArrayList();
    RemoteIterator found = listing(system, root, recursive);
    while (found.hasNext()) {
      FileStatus file = (FileStatus) found.next();
      if (file.isDirectory()) {
        if (recursive && !hidden(file.getPath(), depth)) {
          files.addAll(files(file.getPath().toString(), true));
        }
      } else if (file.getLen() > 0 && !hidden(file.getPath(), depth)) {
        files.add(file);
      }
    }
    Collections.sort(files);
    return files;
  }

  /** All levels in pages; of a local disk one level, for there Hadoop's own walk asks for the owner
   *  of each file, which without its native library starts a process a file. */
  private static RemoteIterator listing(FileSystem system, Path root, boolean recursive)
      throws IOException {
    boolean local = "file".equals(system.getUri().getScheme());
    return local ? system.listStatusIterator(root) : system.listFiles(root, recursive);
  }

  private static boolean hidden(Path path, int depth) {
    for (Path part = path; part.depth() > depth; part = part.getParent()) {
      String name = part.getName();
      boolean metadata = name.startsWith("_") && name.indexOf('=') < 0;
      if (metadata || name.startsWith(".") || name.endsWith("._COPYING_")) {
        return true;
      }
    }
    return false;
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

  private static FileGroup[] packed(List slices, long target, long openCost) {
    List groups = new ArrayList();
    List group = new ArrayList();
    long size = 0;
    for (int i = 0; i < slices.size(); i++) {
      FileSlice slice = (FileSlice) slices.get(i);
      if (!group.isEmpty() && size + slice.length > target + openCost) {
        groups.add(new FileGroup((FileSlice[]) group.toArray(new FileSlice[0])));
        group.clear();
        size = 0;
      }
      group.add(slice);
      size += slice.length + openCost;
    }
    if (!group.isEmpty()) {
      groups.add(new FileGroup((FileSlice[]) group.toArray(new FileSlice[0])));
    }
    return (FileGroup[]) groups.toArray(new FileGroup[0]);
  }
}
