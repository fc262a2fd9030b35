// What calling a function does to the database, by its name. Pure data and one look-up; arguments are looked at in effects.ts.
import type { Effect, StatementFlag } from '../../../shared/model.ts'
import { steadyNames } from './builtins.ts'

export interface FunctionFacts {
  /** Besides the reading that any SELECT is. Empty: only computes or looks. */
  readonly effects: readonly Effect[]
  readonly flag?: StatementFlag
}

interface Reviewed extends FunctionFacts {
  /** Names; one that ends in `*` stands for all that begin so. */
  readonly names: string
}

const reviewed: readonly Reviewed[] = [
  // Reads of relations the text does not name, or of SQL inside a string. Some are marked stable; that says nothing of what the query does.
  { effects: ['unknown'], names: `
    query_to_xml* cursor_to_xml* table_to_xml* schema_to_xml* database_to_xml* ts_stat ts_rewrite currtid currtid2 lo_get lo_open
    lo_close lo_creat lo_create lo_from_bytea lo_lseek lo_lseek64 lo_put lo_tell lo_tell64 lo_truncate lo_truncate64 lo_unlink
    loread lowrite fmgr_* plpgsql_*` },
  { effects: ['privilege'], flag: 'server_file', names: `
    lo_import lo_export pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_* pg_hba_file_rules
    pg_ident_file_mappings pg_show_all_file_settings pg_current_logfile pg_wal_summary_contents pg_file_*` },
  { effects: ['privilege'], names: `
    pg_cancel_backend pg_terminate_backend pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_promote pg_switch_wal
    pg_create_restore_point pg_backup_start pg_backup_stop pg_wal_replay_pause pg_wal_replay_resume pg_log_backend_memory_contexts
    pg_log_standby_snapshot pg_stat_reset* pg_import_system_collations pg_nextoid pg_stop_making_pinned_objects binary_upgrade_*
    pg_extension_config_dump pg_create_logical_replication_slot pg_create_physical_replication_slot
    pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_drop_replication_slot pg_replication_slot_advance
    pg_sync_replication_slots pg_logical_slot_get_* pg_logical_slot_peek_* pg_replication_origin_advance
    pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_session_reset
    pg_replication_origin_session_setup pg_replication_origin_xact_reset pg_replication_origin_xact_setup` },
  { effects: ['write'], names: `
    nextval setval pg_notify pg_logical_emit_message brin_desummarize_range brin_summarize_new_values brin_summarize_range
    gin_clean_pending_list pg_restore_relation_stats pg_restore_attribute_stats pg_clear_relation_stats pg_clear_attribute_stats` },
  { effects: ['session'], names: 'setseed' },
  { effects: [], flag: 'locks', names: `
    pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
    pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
    pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared` },
  // Volatile because the answer differs from call to call, not because they change anything.
  { effects: [], names: `
    clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 random random_normal array_sample array_shuffle currval lastval
    current_query pg_sleep pg_sleep_for pg_sleep_until pg_export_snapshot amvalidate
    pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size pg_database_size pg_tablespace_size
    pg_partition_ancestors pg_partition_tree pg_sequence_last_value pg_get_sequence_data pg_collation_actual_version
    pg_database_collation_actual_version
    pg_blocking_pids pg_safe_snapshot_blocking_pids pg_isolation_test_session_is_blocked pg_lock_status pg_prepared_xact
    pg_xact_status txid_status pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_last_committed_xact
    pg_get_multixact_members pg_notification_queue_usage pg_jit_available
    pg_is_in_recovery pg_is_wal_replay_paused pg_get_wal_replay_pause_state pg_last_wal_receive_lsn pg_last_wal_replay_lsn
    pg_last_xact_replay_timestamp pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn
    pg_available_wal_summaries pg_get_wal_summarizer_state pg_get_wal_resource_managers pg_control_checkpoint pg_control_init
    pg_control_recovery pg_control_system pg_replication_origin_progress pg_replication_origin_session_is_setup
    pg_replication_origin_session_progress pg_show_replication_origin_status
    pg_get_backend_memory_contexts pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events pg_get_aios
    pg_get_loaded_modules pg_stat_get_* pg_stat_have_stats pg_stat_clear_snapshot pg_stat_force_next_flush` }
]

const exact = new Map<string, FunctionFacts>()
const prefixes: (readonly [string, FunctionFacts])[] = []
for (const facts of reviewed) {
  for (const name of facts.names.trim().split(/\s+/)) {
    if (name.endsWith('*')) prefixes.push([name.slice(0, -1), facts])
    else exact.set(name, facts)
  }
}

const harmless: FunctionFacts = { effects: [] }
const unproven: FunctionFacts = { effects: ['unknown'] }
/** Written by the grammar itself for `BERNOULLI` and `SYSTEM`, and the helpers of the standard's own views. */
const sampling = new Set(['bernoulli', 'system'])

/**
 * A name without schema is taken for PostgreSQL's own where there is one: which overload binds, the text alone cannot tell.
 * @returns what a call by that name does: for an unlisted one, nobody knows
 */
export function functionsOf(major: number): (parts: readonly string[]) => FunctionFacts {
  const steady = steadyNames(major)
  return (parts) => {
    const name = parts.at(-1) ?? ''
    const schema = parts.at(-2)
    if (schema === 'information_schema') return name.startsWith('_pg_') ? harmless : unproven
    if (schema !== undefined && schema !== 'pg_catalog') return unproven
    return exact.get(name) ?? prefixes.find(([prefix]) => name.startsWith(prefix))?.[1] ?? (steady.has(name) ? harmless : unproven)
  }
}

export function sampleOf(parts: readonly string[]): FunctionFacts {
  return parts.length === 1 && sampling.has(parts[0]!) ? harmless : unproven
}
