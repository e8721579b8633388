package ml_insights;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.util.CollectionAccumulator;

/**
 * What tasks before a shuffle tell the driver, each task's once: numbers, and perhaps a text.
 *
 * Such a task runs again when its result is lost with an executor, and Spark adds what it tells to what
 * it told before. So a task tells which it is, too: it told the same each time. It tells it in classes
 * of Java's own, for the driver may not find ours where it takes a task's result.
 */
public final class TaskReports {
  public static void tell(CollectionAccumulator told, int task, long[] numbers, String text) {
    told.add(new Object[] {Integer.valueOf(task), numbers, text});
  }

  /** The numbers that the tasks told, added up. @param size how many each told. */
  public long[] sums(CollectionAccumulator told, int size) {
    long[] sums = new long[size];
    for (Iterator each = byTask(told); each.hasNext();) {
      long[] numbers = (long[]) ((Object[]) each.next())[1];
      for (int i = 0; i < size; i++) {
        sums[i] += numbers[i];
      }
    }
    return sums;
  }

  /** The texts that the tasks told. Python takes an array of them: at the end of a list py4j throws. */
  public List texts(CollectionAccumulator told) {
    List texts = new ArrayList();
    for (Iterator each = byTask(told); each.hasNext();) {
      texts.add(((Object[]) each.next())[2]);
    }
    return texts;
  }

  /** One report of each task, in their order. */
  private static Iterator byTask(CollectionAccumulator told) {
    Map byTask = new TreeMap();
    List reports = told.value();
    for (int i = 0; i < reports.size(); i++) {
      Object[] report = (Object[]) reports.get(i);
      byTask.put(report[0], report);
    }
    return byTask.values().iterator();
  }
}
