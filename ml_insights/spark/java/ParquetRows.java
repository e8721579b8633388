package ml_insights;

import java.io.IOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport.WriteContext;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructType;

/**
 * A Parquet file that is written column by column: its schema, row groups and footer.
 *
 * What belongs here: what Parquet's own writer of records does around columns. What does not: which
 * values there are. Schema and metadata are those that Spark gives a table of these columns.
 */
public final class ParquetRows {
  /** Bytes of a row group before it is written: small, for several variants may be open at once. */
  private static final long ROW_GROUP = 32L << 20;

  /** By column, in order: values go here, each row's to all of them, and then `end`. */
  public final ColumnWriter[] columns;

  private final MessageType schema;
  private final Map metadata;
  private final CodecFactory codecs;
  private final CodecFactory.BytesCompressor compressor;
  private final ParquetProperties properties;
  private final ParquetFileWriter file;
  private ColumnChunkPageWriteStore pages;
  private ColumnWriteStore store;
  private long rows;

  public ParquetRows(String path, StructType table, Configuration configuration) throws IOException {
    Configuration own = new Configuration(configuration);
    ParquetWriteSupport.setSchema(table, own);
    WriteContext context = new ParquetWriteSupport().init(own);
    schema = context.getSchema();
    metadata = context.getExtraMetaData();
    columns = new ColumnWriter[schema.getColumns().size()];
    properties = ParquetProperties.builder()
        .withDictionaryEncoding("event_id", false)
        .withDictionaryEncoding("score", false)
        .build();
    codecs = new CodecFactory(own, properties.getPageSizeThreshold());
    compressor = codecs.getCompressor(ParquetOutputFormat.getCompression(own));
    file = new ParquetFileWriter(
        HadoopOutputFile.fromPath(new Path(path), own), schema, ParquetFileWriter.Mode.CREATE,
        ROW_GROUP, ParquetWriter.MAX_PADDING_SIZE_DEFAULT);
    file.start();
    start();
  }

  private void start() {
    pages = new ColumnChunkPageWriteStore(
        compressor, schema, new HeapByteBufferAllocator(),
        properties.getColumnIndexTruncateLength());
    store = properties.newColumnWriteStore(schema, pages);
    for (int i = 0; i < columns.length; i++) {
      columns[i] = store.getColumnWriter((ColumnDescriptor) schema.getColumns().get(i));
    }
    rows = 0;
  }

  /** Ends a row. */
  public void end() {
    store.endRecord();
    rows++;
  }

  /** Writes a row group if there are enough values for one. */
  public void flushIfLarge() throws IOException {
    if (store.getBufferedSize() > ROW_GROUP) {
      flush();
      start();
    }
  }

  private void flush() throws IOException {
    if (rows > 0) {
      file.startBlock(rows);
      store.flush();
      pages.flushToFileWriter(file);
      file.endBlock();
    }
    store.close();
  }

  public void close() throws IOException {
    flush();
    file.end(metadata);
    codecs.release();
  }
}
