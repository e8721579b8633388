package ml_insights;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;

/** The rows of a task as blocks for the shuffle by event; what a row says is the children's. */
public abstract class PackedRows implements Iterator {
  protected final Blocks blocks;
  private final Iterator rows;
  private boolean finished;
  private Object next;

  public PackedRows(Iterator rows, Blocks blocks) {
    this.rows = rows;
    this.blocks = blocks;
  }

  public abstract void add(InternalRow row);

  /** Adds what was held back. */
  public abstract void finish();

  public boolean hasNext() {
    next = next == null ? blocks.take() : next;
    while (next == null && rows.hasNext()) {
      add((InternalRow) rows.next());
      next = blocks.take();
    }
    if (next == null && !finished) {
      finish();
      blocks.finish();
      finished = true;
      next = blocks.take();
    }
    return next != null;
  }

  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Object block = next;
    next = null;
    return block;
  }

  public void remove() {
    throw new UnsupportedOperationException();
  }
}
