// PostgreSQL's settings: which the gateway's reading of SQL rests on, and which a session may change freely. Pure data.

/**
 *   pinned   the gateway and the server would read the same text differently
 *   session  changes only how this connection plans, prints or waits
 *   unknown  everything else, extensions' and made-up names included: `role` and what it may do, hooks, logging, replication
 */
export type SettingKind = 'pinned' | 'session' | 'unknown'

/** Each with the one way it is pinned, in the spellings PostgreSQL takes for it. */
const pinned: Readonly<Record<string, readonly string[]>> = {
  client_encoding: ['utf8', 'unicode'],
  standard_conforming_strings: ['on', 'true', 'yes', '1'],
  backslash_quote: ['safeencoding']
}

const session = new Set(`
  application_name search_path timezone timezone_abbreviations datestyle intervalstyle extra_float_digits bytea_output xmlbinary xmloption
  lc_messages lc_monetary lc_numeric lc_time client_min_messages default_text_search_config escape_string_warning array_nulls
  quote_all_identifiers row_security check_function_bodies restrict_nonsystem_relation_kind default_toast_compression
  default_table_access_method default_tablespace temp_tablespaces
  statement_timeout lock_timeout transaction_timeout idle_in_transaction_session_timeout idle_session_timeout
  client_connection_check_interval tcp_keepalives_idle tcp_keepalives_interval tcp_keepalives_count tcp_user_timeout
  transaction_isolation transaction_read_only transaction_deferrable default_transaction_isolation default_transaction_read_only
  default_transaction_deferrable synchronous_commit
  work_mem maintenance_work_mem hash_mem_multiplier temp_buffers effective_cache_size effective_io_concurrency
  maintenance_io_concurrency io_combine_limit gin_fuzzy_search_limit gin_pending_list_limit stats_fetch_consistency
  seq_page_cost random_page_cost cpu_tuple_cost cpu_index_tuple_cost cpu_operator_cost parallel_setup_cost parallel_tuple_cost
  min_parallel_table_scan_size min_parallel_index_scan_size max_parallel_workers max_parallel_workers_per_gather
  max_parallel_maintenance_workers parallel_leader_participation plan_cache_mode recursive_worktable_factor
  constraint_exclusion cursor_tuple_fraction default_statistics_target from_collapse_limit join_collapse_limit synchronize_seqscans
  geqo geqo_effort geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold
  jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost
  enable_async_append enable_bitmapscan enable_distinct_reordering enable_gathermerge enable_group_by_reordering enable_hashagg
  enable_hashjoin enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin
  enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate
  enable_partitionwise_join enable_presorted_aggregate enable_self_join_elimination enable_seqscan enable_sort enable_tidscan
  vacuum_cost_delay vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss
`.trim().split(/\s+/))

/** In a search path, temporary tables of one session by their place: to it they are pg_temp, to others they are not theirs. */
const othersTemporary = /pg_(?:toast_)?temp_\d/i

/** Whether it is a search path with other sessions' temporary tables in it. */
export function namesOthersTemporary(setting: string, value: string): boolean {
  return setting.toLowerCase() === 'search_path' && othersTemporary.test(value)
}

/** Names are compared as PostgreSQL does, without regard to case. */
export function settingKind(name: string): SettingKind {
  const key = name.toLowerCase()
  if (Object.hasOwn(pinned, key)) return 'pinned'
  return session.has(key) ? 'session' : 'unknown'
}

/**
 * Whether setting a pinned name to this value leaves it as it is, as clients do to make sure (pg_dump, psql).
 * @param value undefined where it is not one constant
 */
export function keepsPinned(name: string, value: string | undefined): boolean {
  if (value === undefined) return false
  // Encoding names are compared by PostgreSQL on letters and digits alone.
  return pinned[name.toLowerCase()]?.includes(value.toLowerCase().replace(/[^a-z0-9]/g, '')) ?? false
}
