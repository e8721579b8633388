package ml_insights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files below a folder, all levels, walked once in the order of their names.
 *
 * What belongs here: what the files add up to, stretches of them, and what lies beside a folder. What
 * does not: which task reads what (`Tasks`). An object store lists in order, page by page: no more than
 * a page and the stretch that is asked for are held. A local disk lists in no order and is sorted as a
 * whole.
 */
public final class Listing {
  private static final Pattern HOUR = Pattern.compile("([01][0-9]|2[0-3])/.*", Pattern.DOTALL);

  private String root;
  private RemoteIterator pages;
  private Iterator sorted;
  private FileStatus ahead;

  /** Name below the folder of the file ahead, and whether all names so far came in order. */
  private String name;
  private boolean ordered = true;

  /** A listing that starts at the first file; a folder that is not there has none. */
  public Listing open(Configuration configuration, String folder) throws IOException {
    Listing listing = new Listing();
    listing.start(configuration, folder);
    return listing;
  }

  private void start(Configuration configuration, String folder) throws IOException {
    Path path = new Path(folder);
    FileSystem system = path.getFileSystem(configuration);
    root = system.makeQualified(path).toUri().getPath();
    try {
      if ("file".equals(system.getUri().getScheme())) {
        TreeMap found = new TreeMap();
        collect(system, path, found);
        sorted = found.values().iterator();
      } else {
        pages = system.listFiles(path, true);
      }
      advance();
    } catch (FileNotFoundException nothing) {
      ahead = null;
    }
  }

  /** Level by level, for Hadoop's own walk of a local disk asks for the owner of each file, which
   *  without its native library starts a process a file. */
  private void collect(FileSystem system, Path folder, TreeMap found) throws IOException {
    RemoteIterator below = system.listStatusIterator(folder);
    while (below.hasNext()) {
      FileStatus file = (FileStatus) below.next();
      if (file.isDirectory()) {
        collect(system, file.getPath(), found);
      } else {
        found.put(name(file), file);
      }
    }
  }

  private void advance() throws IOException {
    String before = name;
    if (sorted != null) {
      ahead = sorted.hasNext() ? (FileStatus) sorted.next() : null;
    } else {
      ahead = pages.hasNext() ? (FileStatus) pages.next() : null;
    }
    name = ahead == null ? null : name(ahead);
    ordered &= before == null || name == null || before.compareTo(name) < 0;
  }

  /** Name of a file below the folder. */
  private String name(FileStatus file) {
    return file.getPath().toUri().getPath().substring(root.length() + 1);
  }

  /**
   * What the files to read add up to, as JSON: the time of the newest, a digest of names, lengths and
   * times that does not depend on their order, the number of folders `00` to `23` that hold any, and
   * `stretches` within the bounds, each with its last name ("" for the last one), files and bytes. A
   * listing out of order is one stretch. And `hidden`, files that are not read for their names.
   *
   * @param examples most names of hidden files.
   */
  public String summary(long maxFiles, long maxBytes, int examples) throws IOException {
    ObjectNode summary = new ObjectMapper().createObjectNode();
    Stretches stretches = new Stretches(summary.putArray("stretches"), maxFiles, maxBytes);
    Skipped hidden = new Skipped(examples);
    BitSet hours = new BitSet();
    MessageDigest hash = sha256();
    long digest = 0;
    long newest = 0;
    for (; ahead != null; advance()) {
      if (Skipped.hidden(name)) {
        hidden.add(name);
        continue;
      }
      stretches.add(name, ahead.getLen());
      if (HOUR.matcher(name).matches()) {
        hours.set(Integer.parseInt(name.substring(0, 2)));
      }
      newest = Math.max(newest, ahead.getModificationTime());
      String text = name + "\n" + ahead.getLen() + "\n" + ahead.getModificationTime();
      digest += ByteBuffer.wrap(hash.digest(text.getBytes(StandardCharsets.UTF_8))).getLong();
    }
    stretches.end(ordered);
    hidden.write(summary.putObject("hidden"));
    summary.put("hours", hours.cardinality()).put("newest", newest);
    return summary.put("digest", Long.toHexString(digest)).toString();
  }

  /**
   * What lies directly in a folder beside the folders that are read, as JSON: `misplaced` and, by
   * their names, `hidden`. Names of folders end with a slash.
   *
   * @param read names of the folders that are read, a regular expression.
   * @param examples most names of each kind.
   */
  public String beside(Configuration configuration, String folder, String read, int examples)
      throws IOException {
    Path path = new Path(folder);
    Pattern readable = Pattern.compile(read);
    Skipped misplaced = new Skipped(examples);
    Skipped hidden = new Skipped(examples);
    try {
      RemoteIterator below = path.getFileSystem(configuration).listStatusIterator(path);
      while (below.hasNext()) {
        FileStatus found = (FileStatus) below.next();
        String name = found.getPath().getName();
        if (!found.isDirectory() || !readable.matcher(name).matches()) {
          (Skipped.hidden(name) ? hidden : misplaced).add(found.isDirectory() ? name + "/" : name);
        }
      }
    } catch (FileNotFoundException nothing) {
      // Then nothing lies in it.
    }
    ObjectNode beside = new ObjectMapper().createObjectNode();
    misplaced.write(beside.putObject("misplaced"));
    hidden.write(beside.putObject("hidden"));
    return beside.toString();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Goes on to the files to read after a name ("" for the first) up to another ("" for the last). */
  public List stretch(String after, String through) throws IOException {
    List files = new ArrayList();
    while (ahead != null && name.compareTo(after) <= 0) {
      advance();
    }
    while (ahead != null && (through.isEmpty() || name.compareTo(through) <= 0)) {
      if (ahead.getLen() > 0 && !Skipped.hidden(name)) {
        files.add(ahead);
      }
      advance();
    }
    return files;
  }
}
