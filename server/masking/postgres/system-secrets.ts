// Columns of PostgreSQL's own relations, and of common extensions' views, that carry values of users' tables, statements with their
// constants, or credentials. Pure data. From the PostgreSQL docs, *System Catalogs* and *System Views*, 15 to 18, column by column.
// A name that a server does not have is passed over.

/** Schema and relation, then columns. `*` as schema: an extension's view, in whatever schema it was installed. */
export const systemSecrets: readonly (readonly [relation: string, columns: string])[] = [
  // Samples of values, and the boundaries between them.
  ['pg_catalog.pg_statistic', 'stavalues1 stavalues2 stavalues3 stavalues4 stavalues5 stanumbers1 stanumbers2 stanumbers3 stanumbers4 stanumbers5'],
  ['pg_catalog.pg_statistic_ext_data', 'stxdndistinct stxddependencies stxdmcv stxdexpr'],
  ['pg_catalog.pg_stats', `
    most_common_vals most_common_freqs histogram_bounds correlation most_common_elems most_common_elem_freqs elem_count_histogram
    range_length_histogram range_empty_frac range_bounds_histogram`],
  ['pg_catalog.pg_stats_ext', 'n_distinct dependencies most_common_vals most_common_val_nulls most_common_freqs most_common_base_freqs'],
  ['pg_catalog.pg_stats_ext_exprs', `
    most_common_vals most_common_freqs histogram_bounds correlation most_common_elems most_common_elem_freqs elem_count_histogram
    range_length_histogram range_empty_frac range_bounds_histogram`],
  // The value of a column added with a constant default, as older rows have it.
  ['pg_catalog.pg_attribute', 'attmissingval'],
  ['pg_catalog.pg_largeobject', 'data'],
  // Statements, with their constants.
  ['pg_catalog.pg_stat_activity', 'query'],
  ['pg_catalog.pg_prepared_statements', 'statement'],
  ['pg_catalog.pg_cursors', 'statement'],
  ['pg_catalog.pg_prepared_xacts', 'gid'],
  ['pg_catalog.pg_backend_memory_contexts', 'ident'],
  ['*.pg_stat_statements', 'query'],
  // Credentials.
  ['pg_catalog.pg_authid', 'rolpassword'],
  ['pg_catalog.pg_shadow', 'passwd'],
  ['pg_catalog.pg_user_mapping', 'umoptions'],
  ['pg_catalog.pg_user_mappings', 'umoptions'],
  ['pg_catalog.pg_foreign_server', 'srvoptions'],
  ['pg_catalog.pg_subscription', 'subconninfo'],
  ['pg_catalog.pg_stat_wal_receiver', 'conninfo'],
  ['pg_catalog.pg_hba_file_rules', 'options error'],
  ['pg_catalog.pg_file_settings', 'setting error'],
  ['information_schema.user_mapping_options', 'option_value'],
  ['information_schema._pg_user_mappings', 'umoptions'],
  ['information_schema.foreign_server_options', 'option_value'],
  ['information_schema._pg_foreign_servers', 'srvoptions']
]
