package ml_insights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files below a folder, all levels, walked once in the order of their names.
 *
 * What belongs here: what the files add up to, and stretches of them. What does not: which task
 * reads what (`Tasks`). An object store lists in order, page by page: no more than a page and the
 * stretch that is asked for are held. A local disk lists in no order and is sorted as a whole.
 */
public final class Listing {
  private String root;
  private RemoteIterator pages;
  private Iterator sorted;
  private FileStatus ahead;

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
    if (sorted != null) {
      ahead = sorted.hasNext() ? (FileStatus) sorted.next() : null;
    } else {
      ahead = pages.hasNext() ? (FileStatus) pages.next() : null;
    }
  }

  /** Name below the folder. */
  private String name(FileStatus file) {
    return file.getPath().toUri().getPath().substring(root.length() + 1);
  }

  /**
   * What all files add up to, as JSON: the time of the newest, a digest of names, lengths and times
   * that does not depend on their order, and `stretches` within the bounds, each with its last name
   * ("" for the last one), files and bytes. A listing out of order is one stretch.
   */
  public String summary(long maxFiles, long maxBytes) throws IOException {
    ObjectNode summary = new ObjectMapper().createObjectNode();
    ArrayNode stretches = summary.putArray("stretches");
    MessageDigest hash = sha256();
    String last = null;
    boolean ordered = true;
    long digest = 0;
    long newest = 0;
    long files = 0;
    long bytes = 0;
    long allFiles = 0;
    long allBytes = 0;
    for (; ahead != null; advance()) {
      String name = name(ahead);
      long length = ahead.getLen();
      if (files > 0 && (files == maxFiles || bytes + length > maxBytes)) {
        stretches.addArray().add(last).add(files).add(bytes);
        files = 0;
        bytes = 0;
      }
      ordered &= last == null || last.compareTo(name) < 0;
      last = name;
      files++;
      allFiles++;
      bytes += length;
      allBytes += length;
      newest = Math.max(newest, ahead.getModificationTime());
      String text = name + "\n" + length + "\n" + ahead.getModificationTime();
      digest += ByteBuffer.wrap(hash.digest(text.getBytes(StandardCharsets.UTF_8))).getLong();
    }
    if (ordered) {
      stretches.addArray().add("").add(files).add(bytes);
    } else {
      stretches.removeAll();
      stretches.addArray().add("").add(allFiles).add(allBytes);
    }
    return summary.put("newest", newest).put("digest", Long.toHexString(digest)).toString();
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
    while (ahead != null && name(ahead).compareTo(after) <= 0) {
      advance();
    }
    while (ahead != null && (through.isEmpty() || name(ahead).compareTo(through) <= 0)) {
      if (ahead.getLen() > 0 && !hidden(name(ahead))) {
        files.add(ahead);
      }
      advance();
    }
    return files;
  }

  /** Hidden are the same files as for Spark's own sources: names that start with a dot, or with an
   *  underscore and have no `=`; and all that is in a folder of such a name. */
  private static boolean hidden(String name) {
    String[] parts = name.split("/");
    for (int i = 0; i < parts.length; i++) {
      boolean metadata = parts[i].startsWith("_") && parts[i].indexOf('=') < 0;
      if (metadata || parts[i].startsWith(".") || parts[i].endsWith("._COPYING_")) {
        return true;
      }
    }
    return false;
  }
}
