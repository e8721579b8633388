package ml_insights;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.Seq;

/**
 * Rows of a plan of Spark's. Where it does no more than read columns, values are looked at where they
 * are: Spark would copy each into a row first. So a row is only good until the next one.
 */
public final class PlanRows implements FlatMapFunction {
  /** By column of the rows, that of the batches. */
  private int[] columns;

  public RDD of(SparkPlan plan) {
    SparkPlan rows = plan instanceof WholeStageCodegenExec ? ((WholeStageCodegenExec) plan).child() : plan;
    SparkPlan read = rows instanceof ProjectExec ? ((ProjectExec) rows).child() : rows;
    if (!(read instanceof ColumnarToRowExec)) {
      return plan.execute();
    }
    Seq wanted = rows instanceof ProjectExec ? ((ProjectExec) rows).projectList() : read.output();
    columns = new int[wanted.size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = column(wanted.apply(i), read.output());
      if (columns[i] < 0) {
        return plan.execute();
      }
    }
    RDD batches = ((ColumnarToRowExec) read).child().executeColumnar();
    return batches.toJavaRDD().mapPartitions(this).rdd();
  }

  /** Position of what is wanted; -1 if it is computed. */
  private static int column(Object wanted, Seq output) {
    for (int i = 0; wanted instanceof Attribute && i < output.size(); i++) {
      if (((Attribute) output.apply(i)).exprId().equals(((Attribute) wanted).exprId())) {
        return i;
      }
    }
    return -1;
  }

  public Iterator call(Object batches) {
    return new Rows((Iterator) batches, columns);
  }

  /** The rows of batches. */
  public static final class Rows implements Iterator {
    private final Iterator batches;
    private final int[] columns;
    private Iterator rows;

    public Rows(Iterator batches, int[] columns) {
      this.batches = batches;
      this.columns = columns;
    }

    public boolean hasNext() {
      while ((rows == null || !rows.hasNext()) && batches.hasNext()) {
        rows = rows((ColumnarBatch) batches.next());
      }
      return rows != null && rows.hasNext();
    }

    public Object next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return rows.next();
    }

    public void remove() {
      throw new UnsupportedOperationException();
    }

    private Iterator rows(ColumnarBatch batch) {
      ColumnVector[] vectors = new ColumnVector[columns.length];
      for (int i = 0; i < vectors.length; i++) {
        vectors[i] = batch.column(columns[i]);
      }
      return new ColumnarBatch(vectors, batch.numRows()).rowIterator();
    }
  }
}
