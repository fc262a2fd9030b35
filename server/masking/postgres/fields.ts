// Every kind of syntax node the analysis knows, with every field of it: the reason a new PostgreSQL cannot say something the
// analysis does not hear. Pure: a table and its check. Long because it is one table.
//
//   Kind: field field=Kind field@18 field@15-17
//
// `=Kind` marks a field that holds a node of that kind without its tag; `@` gives the majors that have the field. A kind or field
// that is not here makes a statement opaque, so a row is added together with the code that reads it.
import { isKind, isTree, type Tree } from '../../sql/postgres/tree.ts'

const table = `
List: items
String: sval
Integer: ival
Float: fval
Boolean: boolval
BitString: bsval
A_Star:
A_Const: ival=Integer fval=Float boolval=Boolean sval=String bsval=BitString isnull location
Alias: aliasname colnames
RoleSpec: roletype rolename location
TypeName: names setof pct_type typmods typemod arrayBounds location
DefElem: defnamespace defname arg defaction location

ColumnRef: fields location
ParamRef: number location
A_Expr: kind name lexpr rexpr location rexpr_list_start@18 rexpr_list_end@18
A_Indirection: arg indirection
A_Indices: is_slice lidx uidx
A_ArrayExpr: elements location list_start@18 list_end@18
FuncCall: funcname args agg_order agg_filter over=WindowDef agg_within_group agg_star agg_distinct func_variadic funcformat location
NamedArgExpr: arg name argnumber location
TypeCast: arg typeName=TypeName location
CollateClause: arg collname location
BoolExpr: boolop args location
BooleanTest: arg booltesttype location
NullTest: arg nulltesttype argisrow location
CaseExpr: arg args defresult location
CaseWhen: expr result location
CoalesceExpr: args location
MinMaxExpr: op args location
RowExpr: args row_format colnames location
SubLink: subLinkType subLinkId testexpr operName subselect location
SQLValueFunction: op type typmod location
GroupingFunc: args location
SetToDefault: location
MergeSupportFunc: msftype@17-18 location@17-18
CurrentOfExpr: cvarno cursor_name cursor_param
MultiAssignRef: source colno ncolumns
XmlExpr: op name named_args arg_names args xmloption type typmod location
XmlSerialize: xmloption expr typeName=TypeName indent@16-18 location
JsonObjectConstructor: exprs output=JsonOutput absent_on_null unique location
JsonArrayConstructor: exprs output=JsonOutput absent_on_null location
JsonKeyValue: key value=JsonValueExpr
JsonValueExpr: raw_expr formatted_expr format=JsonFormat
JsonFormat: format_type encoding location
JsonOutput: typeName=TypeName returning=JsonReturning
JsonReturning: format=JsonFormat typid typmod
JsonIsPredicate: expr format=JsonFormat item_type unique_keys location
JsonParseExpr: expr=JsonValueExpr output=JsonOutput unique_keys location
JsonScalarExpr: expr output=JsonOutput location
JsonSerializeExpr: expr=JsonValueExpr output=JsonOutput location
JsonFuncExpr: op@17-18 column_name@17-18 context_item=JsonValueExpr@17-18 pathspec@17-18 passing@17-18 output=JsonOutput@17-18 on_empty=JsonBehavior@17-18 on_error=JsonBehavior@17-18 wrapper@17-18 quotes@17-18 location@17-18
JsonArgument: val=JsonValueExpr@17-18 name@17-18
JsonBehavior: btype@17-18 expr@17-18 coerce@17-18 location@17-18
JsonTable: context_item=JsonValueExpr@17-18 pathspec=JsonTablePathSpec@17-18 passing@17-18 columns@17-18 on_error=JsonBehavior@17-18 alias=Alias@17-18 lateral@17-18 location@17-18
JsonTablePathSpec: string@17-18 name@17-18 name_location@17-18 location@17-18
JsonTableColumn: coltype@17-18 name@17-18 typeName=TypeName@17-18 pathspec=JsonTablePathSpec@17-18 format=JsonFormat@17-18 wrapper@17-18 quotes@17-18 columns@17-18 on_empty=JsonBehavior@17-18 on_error=JsonBehavior@17-18 location@17-18

SelectStmt: distinctClause intoClause=IntoClause targetList fromClause whereClause groupClause groupDistinct havingClause windowClause valuesLists sortClause limitOffset limitCount limitOption lockingClause withClause=WithClause op all larg=SelectStmt rarg=SelectStmt
ResTarget: name indirection val location
SortBy: node sortby_dir sortby_nulls useOp location
WindowDef: name refname partitionClause orderClause frameOptions startOffset endOffset location
GroupingSet: kind content location
LockingClause: lockedRels strength waitPolicy
WithClause: ctes recursive location
CommonTableExpr: ctename aliascolnames ctematerialized ctequery search_clause=CTESearchClause cycle_clause=CTECycleClause location
CTESearchClause: search_col_list search_breadth_first search_seq_column location
CTECycleClause: cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default cycle_path_column location
RangeVar: catalogname schemaname relname inh relpersistence alias=Alias location
RangeSubselect: lateral subquery alias=Alias
RangeFunction: lateral ordinality is_rowsfrom functions alias=Alias coldeflist
RangeTableFunc: lateral docexpr rowexpr namespaces columns alias=Alias location
RangeTableFuncCol: colname typeName=TypeName for_ordinality is_not_null colexpr coldefexpr location
RangeTableSample: relation method args repeatable location
JoinExpr: jointype isNatural larg rarg usingClause join_using_alias=Alias quals alias=Alias rtindex
IntoClause: rel=RangeVar colNames accessMethod options onCommit tableSpaceName viewQuery skipData

InsertStmt: relation=RangeVar cols selectStmt onConflictClause=OnConflictClause returningList@15-17 returningClause=ReturningClause@18 withClause=WithClause override
UpdateStmt: relation=RangeVar targetList whereClause fromClause returningList@15-17 returningClause=ReturningClause@18 withClause=WithClause
DeleteStmt: relation=RangeVar usingClause whereClause returningList@15-17 returningClause=ReturningClause@18 withClause=WithClause
MergeStmt: relation=RangeVar sourceRelation joinCondition mergeWhenClauses returningList@17 returningClause=ReturningClause@18 withClause=WithClause
MergeWhenClause: matched@15-16 matchKind@17-18 commandType override condition targetList values
ReturningClause: options@18 exprs@18
ReturningOption: option@18 value@18 location@18
OnConflictClause: action infer=InferClause targetList whereClause location
InferClause: indexElems whereClause conname location
IndexElem: name expr indexcolname collation opclass opclassopts ordering nulls_ordering

ExplainStmt: query options
CopyStmt: relation=RangeVar query attlist is_from is_program filename options whereClause
DeclareCursorStmt: portalname options query
FetchStmt: direction howMany portalname ismove
ClosePortalStmt: portalname
PrepareStmt: name argtypes query
ExecuteStmt: name params
DeallocateStmt: name isall@17-18 location@17-18
CreateTableAsStmt: query into=IntoClause objtype is_select_into if_not_exists
ViewStmt: view=RangeVar aliases query replace options withCheckOption
CallStmt: funccall=FuncCall
TransactionStmt: kind options savepoint_name gid chain location@17-18
LockStmt: relations mode nowait
VariableSetStmt: kind name args is_local jumble_args@18 location@18
VariableShowStmt: name
NotifyStmt: conditionname payload
UnlistenStmt: conditionname
DiscardStmt: target
ConstraintsSetStmt: constraints deferred
CheckPointStmt:
TruncateStmt: relations restart_seqs behavior
VacuumStmt: options rels is_vacuumcmd
VacuumRelation: relation=RangeVar oid va_cols
ReindexStmt: kind relation=RangeVar name params
ClusterStmt: relation=RangeVar indexname params
RefreshMatViewStmt: concurrent skipData relation=RangeVar

CreateStmt: relation=RangeVar tableElts inhRelations partbound=PartitionBoundSpec partspec=PartitionSpec ofTypename=TypeName constraints nnconstraints@18 options oncommit tablespacename accessMethod if_not_exists
ColumnDef: colname typeName=TypeName compression inhcount is_local is_not_null is_from_type storage storage_name@16-18 raw_default cooked_default identity identitySequence=RangeVar generated collClause=CollateClause collOid constraints fdwoptions location
Constraint: contype conname deferrable initdeferred location is_no_inherit raw_expr cooked_expr generated_when generated_kind@18 nulls_not_distinct keys without_overlaps@18 including exclusions options indexname indexspace reset_default_tblspc access_method where_clause pktable=RangeVar fk_attrs pk_attrs fk_with_period@18 pk_with_period@18 fk_matchtype fk_upd_action fk_del_action fk_del_set_cols old_conpfeqop old_pktable_oid skip_validation initially_valid is_enforced@18 inhcount@17
TableLikeClause: relation=RangeVar options relationOid
PartitionSpec: strategy partParams location
PartitionElem: name expr collation opclass location
PartitionBoundSpec: strategy is_default modulus remainder listdatums lowerdatums upperdatums location
PartitionRangeDatum: kind value location
PartitionCmd: name=RangeVar bound=PartitionBoundSpec concurrent
ReplicaIdentityStmt: identity_type name
ATAlterConstraint: conname@18 alterEnforceability@18 is_enforced@18 alterDeferrability@18 deferrable@18 initdeferred@18 alterInheritability@18 noinherit@18
IndexStmt: idxname relation=RangeVar accessMethod tableSpace indexParams indexIncludingParams options whereClause excludeOpNames idxcomment indexOid oldNode oldNumber oldCreateSubid oldFirstRelfilenodeSubid oldRelfilelocatorSubid oldFirstRelfilelocatorSubid unique nulls_not_distinct primary isconstraint iswithoutoverlaps deferrable initdeferred transformed concurrent if_not_exists reset_default_tblspc
AlterTableStmt: relation=RangeVar cmds objtype missing_ok
AlterTableCmd: subtype name num newowner=RoleSpec def behavior missing_ok recurse@15-18
RenameStmt: renameType relationType relation=RangeVar object subname newname behavior missing_ok
DropStmt: objects removeType behavior missing_ok concurrent
ObjectWithArgs: objname objargs objfuncargs args_unspecified
FunctionParameter: name argType=TypeName mode defexpr location@18
AlterObjectSchemaStmt: objectType relation=RangeVar object newschema missing_ok
AlterOwnerStmt: objectType relation=RangeVar object newowner=RoleSpec
CommentStmt: objtype object comment
SecLabelStmt: objtype object provider label
CreateSeqStmt: sequence=RangeVar options ownerId for_identity if_not_exists
AlterSeqStmt: sequence=RangeVar options for_identity missing_ok
CreateSchemaStmt: schemaname authrole=RoleSpec schemaElts if_not_exists
CreateEnumStmt: typeName vals
AlterEnumStmt: typeName oldVal newVal newValNeighbor newValIsAfter skipIfNewValExists
CompositeTypeStmt: typevar=RangeVar coldeflist
CreateStatsStmt: defnames stat_types exprs relations stxcomment transformed if_not_exists
StatsElem: name expr
AlterStatsStmt: defnames stxstattarget missing_ok
CreatePolicyStmt: policy_name table=RangeVar cmd_name permissive roles qual with_check
AlterPolicyStmt: policy_name table=RangeVar roles qual with_check
GrantStmt: is_grant targtype objtype objects privileges grantees grant_option grantor=RoleSpec behavior
AccessPriv: priv_name cols
GrantRoleStmt: granted_roles grantee_roles is_grant admin_opt opt grantor=RoleSpec behavior
AlterDefaultPrivilegesStmt: options action=GrantStmt
CreateRoleStmt: stmt_type role options
AlterRoleStmt: role=RoleSpec options action
DropRoleStmt: roles missing_ok
`

interface Field { readonly first: number, readonly last: number, readonly bare?: string }

const known: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(table.split('\n').filter((line) => line !== '').map((line) => {
  const colon = line.indexOf(':')
  const words = line.slice(colon + 1).trim().split(' ').filter((word) => word !== '')
  return [line.slice(0, colon), new Map(words.map(fieldFrom))]
}))

function fieldFrom(word: string): [string, Field] {
  const [front = '', majors] = word.split('@')
  const [name = '', bare] = front.split('=')
  const [first = 15, last = majors === undefined ? Infinity : first] = majors?.split('-').map(Number) ?? []
  return [name, { first, last, ...(bare === undefined ? {} : { bare }) }]
}

/** @returns the first kind or field at or below a tagged node that the analysis does not know on this major; undefined: it knows all */
export function unknownIn(tree: Tree, major: number): string | undefined {
  const pending: { readonly kind: string, readonly node: unknown }[] = []
  const tagged = (value: Tree): string | undefined => {
    const keys = Object.keys(value)
    // A list of one NULL is how the grammar says DISTINCT without ON.
    if (keys.length === 0) return undefined
    if (keys.length > 1 || !isKind(keys[0]!)) return `{ ${keys.join(', ')} }`
    pending.push({ kind: keys[0]!, node: value[keys[0]!] })
    return undefined
  }
  let wrong = tagged(tree)
  while (wrong === undefined && pending.length > 0) {
    const { kind, node } = pending.pop()!
    const fields = known.get(kind)
    if (fields === undefined || !isTree(node)) return kind
    for (const name in node) {
      const field = fields.get(name)
      if (field === undefined || major < field.first || major > field.last) return `${kind}.${name}`
      const value = node[name]
      if (Array.isArray(value)) {
        for (const item of value) wrong ??= isTree(item) ? tagged(item) : `${kind}.${name}`
      } else if (isTree(value)) {
        if (field.bare === undefined) wrong ??= tagged(value)
        else pending.push({ kind: field.bare, node: value })
      }
    }
  }
  return wrong
}
