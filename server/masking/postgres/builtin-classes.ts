// What calling one of PostgreSQL's own functions can show or do besides computing from its arguments. Pure data and one look-up.
//
// Immutable names are those of server/sql/postgres/builtins.ts, which is generated from servers. Every name of which some overload is
// stable or volatile (SELECT DISTINCT proname FROM pg_proc WHERE provolatile <> 'i', PostgreSQL 15 and 18) was looked at by hand and
// stands in one of the tables below; test/masking/postgres/functions.test.ts asks real servers whether any is missing. What is in no
// table is `unknown`.
import { steadyNames } from '../../sql/postgres/builtins.ts'
import type { Catalog } from './catalog.ts'

/**
 *   safe       computes from its arguments, the catalog and the session's settings; may fail
 *   aggregate, window   likewise, over rows
 *   acts       changes something, or waits: no protected value comes out, but whether it is called, and with what, shows afterwards
 *   acts on constants   likewise, and harmless only if all its arguments are constants
 *   never      reads what the statement does not name, runs SQL from a string, or calls functions that cannot be seen
 *   unknown    in no table: as `never`
 */
export type BuiltinClass = 'safe' | 'aggregate' | 'window' | 'acts' | 'acts on constants' | 'never' | 'unknown'

/** Names; one that ends in `*` stands for all that begin so. */
const tables: readonly (readonly [BuiltinClass, string])[] = [
  // SQL or names of relations in strings; cursors by name, which may be open on anything.
  ['never', `
    query_to_xml* cursor_to_xml* table_to_xml* schema_to_xml* database_to_xml* ts_stat ts_rewrite currtid currtid2 plpgsql_*
    fmgr_*`],
  // Large objects, files of the server, the write-ahead log.
  ['never', `
    lo_* loread lowrite pg_read_file* pg_read_binary_file pg_stat_file pg_ls_* pg_hba_file_rules pg_ident_file_mappings
    pg_show_all_file_settings pg_current_logfile pg_wal_summary_contents pg_logical_slot_* pg_get_backend_memory_contexts`],
  // Statements of this session or of others, conninfo.
  ['never', `
    pg_stat_get_activity pg_stat_get_backend_activity pg_prepared_statement pg_cursor pg_prepared_xact pg_stat_get_wal_receiver`],
  // Input of a type named by oid or text: a domain's CHECK may call anything.
  ['never', `
    domain_in domain_recv array_in array_recv record_in record_recv range_in range_recv multirange_in multirange_recv any_in
    anyarray_in anycompatiblearray_in anyenum_in anyrange_in anymultirange_in anycompatiblerange_in anycompatiblemultirange_in
    pg_input_is_valid pg_input_error_info`],
  // Called by the server, never in an expression; and what only pg_upgrade, recovery or extensions call.
  ['never', `
    RI_FKey_* *handler suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column unique_key_recheck
    dsnowball_* binary_upgrade_* pg_event_trigger_* pg_extension_config_dump pg_nextoid pg_stop_making_pinned_objects
    pg_import_system_collations pg_restore_relation_stats pg_restore_attribute_stats pg_clear_relation_stats
    pg_clear_attribute_stats pg_get_aios pg_get_loaded_modules pg_isolation_test_session_is_blocked`],
  ['acts on constants', 'set_config pg_notify pg_logical_emit_message'],
  ['acts', `
    nextval setval setseed pg_sleep pg_sleep_for pg_sleep_until pg_current_xact_id txid_current pg_export_snapshot
    pg_advisory_* pg_try_advisory_* pg_cancel_backend pg_terminate_backend pg_reload_conf pg_rotate_logfile* pg_promote
    pg_switch_wal pg_create_restore_point pg_backup_start pg_backup_stop pg_wal_replay_pause pg_wal_replay_resume
    pg_log_backend_memory_contexts pg_log_standby_snapshot pg_stat_reset* pg_stat_clear_snapshot pg_stat_force_next_flush
    pg_create_logical_replication_slot pg_create_physical_replication_slot pg_copy_logical_replication_slot
    pg_copy_physical_replication_slot pg_drop_replication_slot pg_replication_slot_advance pg_sync_replication_slots
    pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_session_reset
    pg_replication_origin_session_setup pg_replication_origin_xact_reset pg_replication_origin_xact_setup
    brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list`],
  ['aggregate', `
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg json_agg_strict
    json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict
    jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode percentile_cont
    percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy
    regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg`],
  // The first four are aggregates as well (WITHIN GROUP).
  ['window', `
    rank dense_rank percent_rank cume_dist row_number ntile lag lead first_value last_value nth_value`],
  // Stable: conversions that look at settings, types or the text search configuration.
  ['safe', `
    aclexplode aclitemin aclitemout age anyarray_out anyarray_send anycompatiblearray_out anycompatiblearray_send
    anycompatiblemultirange_out anycompatiblerange_out anyenum_out anymultirange_out anyrange_out anytextcat array_out array_send
    array_to_json array_to_string bpcharsend brin_bloom_summary_send brin_minmax_multi_summary_send cash_in cash_out concat concat_ws
    convert convert_from convert_to cstring_send date date_add date_cmp_timestamptz date_eq_timestamptz date_ge_timestamptz
    date_gt_timestamptz date_in date_le_timestamptz date_lt_timestamptz date_ne_timestamptz date_out date_part date_subtract
    date_trunc enum_first enum_in enum_last enum_out enum_range enum_send extract format generate_series in_range interval_in
    interval_out interval_pl_timestamptz json_build_array json_build_object json_populate_record json_populate_recordset
    json_to_record json_to_recordset json_to_tsvector jsonb_build_array jsonb_build_object jsonb_path_exists_tz jsonb_path_match_tz
    jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid
    jsonb_populate_recordset jsonb_to_record jsonb_to_recordset jsonb_to_tsvector length make_timestamptz money multirange_out
    multirange_send namesend now numeric overlaps phraseto_tsquery plainto_tsquery quote_literal quote_nullable range_out range_send
    record_out record_send regclass regclassin regclassout regcollationin regcollationout regconfigin regconfigout regdictionaryin
    regdictionaryout regnamespacein regnamespaceout regoperatorin regoperatorout regoperin regoperout regprocedurein regprocedureout
    regprocin regprocout regrolein regroleout regtypein regtypeout row_to_json statement_timestamp textanycat textsend time time_in
    timestamp timestamp_cmp_timestamptz timestamp_eq_timestamptz timestamp_ge_timestamptz timestamp_gt_timestamptz timestamp_in
    timestamp_le_timestamptz timestamp_lt_timestamptz timestamp_ne_timestamptz timestamp_out timestamptz timestamptz_cmp_date
    timestamptz_cmp_timestamp timestamptz_eq_date timestamptz_eq_timestamp timestamptz_ge_date timestamptz_ge_timestamp
    timestamptz_gt_date timestamptz_gt_timestamp timestamptz_in timestamptz_le_date timestamptz_le_timestamp timestamptz_lt_date
    timestamptz_lt_timestamp timestamptz_mi_interval timestamptz_ne_date timestamptz_ne_timestamp timestamptz_out
    timestamptz_pl_interval timetz timetz_in timezone to_char to_date to_json to_jsonb to_number to_reg* to_timestamp to_tsquery
    to_tsvector transaction_timestamp ts_debug ts_headline ts_match_tq ts_match_tt ts_parse ts_token_type varcharsend
    websearch_to_tsquery xml xml_in xml_is_well_formed xml_send`],
  // Stable: what the catalog, the session and the server are.
  ['safe', `
    col_description current_database current_schema current_schemas current_setting current_user format_type get_current_ts_config
    getdatabaseencoding getpgusername has_* inet_client_addr inet_client_port inet_server_addr inet_server_port mxid_age
    obj_description oidvectortypes pg_available_extension_versions pg_available_extensions pg_backend_pid pg_basetype
    pg_char_to_encoding pg_client_encoding pg_collation_for pg_column_compression pg_column_is_updatable pg_column_size
    pg_column_toast_chunk_id pg_conf_load_time pg_config pg_current_snapshot pg_current_xact_id_if_assigned pg_dependencies_send
    pg_describe_object pg_encoding_to_char pg_extension_update_paths pg_filenode_relation pg_get_acl pg_get_catalog_foreign_keys
    pg_get_constraintdef pg_get_expr pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments
    pg_get_function_result pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_object_address
    pg_get_partition_constraintdef pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index
    pg_get_replication_slots pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef* pg_get_triggerdef pg_get_userbyid
    pg_get_viewdef pg_has_role pg_identify_object pg_identify_object_as_address pg_index_column_has_property pg_index_has_property
    pg_indexam_has_property pg_is_other_temp_schema pg_listening_channels pg_mcv_list_items pg_mcv_list_send pg_my_temp_schema
    pg_ndistinct_send pg_node_tree_send pg_numa_available pg_options_to_table pg_postmaster_start_time pg_relation_filenode
    pg_relation_filepath pg_relation_is_publishable pg_relation_is_updatable pg_replication_origin_oid pg_sequence_parameters
    pg_settings_get_flags pg_show_all_settings pg_split_walfile_name pg_stat_get_* pg_tablespace_databases pg_tablespace_location
    pg_timezone_abbrevs pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone pg_timezone_names pg_trigger_depth pg_typeof
    row_security_active session_user shobj_description system_user txid_current_if_assigned txid_current_snapshot version
    pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible pg_operator_is_visible
    pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
    pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible`],
  // Volatile because the answer differs from call to call. Sizes and counts are a residual of their own (docs/masking.md, limits).
  ['safe', `
    clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 random random_normal array_sample array_shuffle currval lastval
    current_query amvalidate bernoulli system pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size pg_database_size
    pg_tablespace_size pg_partition_ancestors pg_partition_tree pg_sequence_last_value pg_get_sequence_data
    pg_collation_actual_version pg_database_collation_actual_version pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status
    pg_xact_status txid_status pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_last_committed_xact
    pg_get_multixact_members pg_notification_queue_usage pg_jit_available pg_is_in_recovery pg_is_wal_replay_paused
    pg_get_wal_replay_pause_state pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_current_wal_lsn
    pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_available_wal_summaries pg_get_wal_summarizer_state
    pg_get_wal_resource_managers pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
    pg_replication_origin_progress pg_replication_origin_session_is_setup pg_replication_origin_session_progress
    pg_show_replication_origin_status pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events pg_stat_have_stats`],
  // The helpers of information_schema's own views.
  ['safe', '_pg_*']
]

const exact = new Map<string, BuiltinClass>()
const affixes: (readonly [prefix: string, suffix: string, BuiltinClass])[] = []
for (const [kind, names] of tables) {
  for (const name of names.trim().split(/\s+/)) {
    const star = name.indexOf('*')
    if (star < 0) exact.set(name, kind)
    else affixes.push([name.slice(0, star), name.slice(star + 1), kind])
  }
}

const immutable = new Map<number, ReadonlySet<string>>()

/** @param name bare, of a function in pg_catalog or information_schema */
export function builtinClass(name: string, major: number): BuiltinClass {
  return reviewedClass(name) ?? (immutableNames(major).has(name) ? 'safe' : 'unknown')
}

/** As `builtinClass`, and the server at hand must agree: it has that name, and what nobody reviewed is immutable there. */
export function builtinClassIn(catalog: Catalog, name: string): BuiltinClass {
  const builtin = catalog.builtins.get(name)
  if (builtin === undefined) return 'unknown'
  return reviewedClass(name) ?? (builtin.volatility === 'immutable' ? builtinClass(name, catalog.major) : 'unknown')
}

/** What the tables of this file say of a name, whatever the server's major. */
export function reviewedClass(name: string): BuiltinClass | undefined {
  return exact.get(name) ?? affixes.find(([prefix, suffix]) => name.startsWith(prefix) && name.endsWith(suffix))?.[2]
}

function immutableNames(major: number): ReadonlySet<string> {
  let names = immutable.get(major)
  if (names === undefined) {
    names = steadyNames(major)
    immutable.set(major, names)
  }
  return names
}
