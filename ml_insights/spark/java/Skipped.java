package ml_insights;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.TreeSet;

/**
 * Names that are not read: how many, and the first few of them in order, however many there are.
 *
 * What belongs here: counting them, and which names are hidden. What does not: finding them
 * (`Listing`).
 */
public final class Skipped {
  private final int most;
  private final TreeSet examples = new TreeSet();
  private long count;

  /** @param most names that are kept. */
  public Skipped(int most) {
    this.most = most;
  }

  public void add(String name) {
    count++;
    examples.add(name);
    if (examples.size() > most) {
      examples.pollLast();
    }
  }

  public void write(ObjectNode document) {
    ArrayNode names = document.put("count", count).putArray("examples");
    for (Iterator each = examples.iterator(); each.hasNext();) {
      names.add((String) each.next());
    }
  }

  /** Hidden are the same files as for Spark's own sources: names that start with a dot, or with an
   *  underscore and have no `=`; and all that is in a folder of such a name. */
  public static boolean hidden(String name) {
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
