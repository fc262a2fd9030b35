// What stands in for a value of each built-in type, as text and as the type's receive function reads it. Pure, one table.
// OIDs of pg_catalog never change between majors; types that people make have none of their own here.
// Source: PostgreSQL docs, Data Types; src/include/catalog/pg_type.dat. Each constant is sent through a real server by the tests.

/** How a mask with a meaning reads a value of the type; types without one are only ever redacted. */
export type Family = 'text' | 'integer' | 'date' | 'timestamp' | 'timestamptz' | 'uuid' | 'bytea'

export interface TypeConstant {
  readonly name: string
  /** OID of the type's array type; 0: it has none. */
  readonly array: number
  /** Undefined: nothing can be sent for the type, so it is NULL even in a NOT NULL column. */
  readonly text?: string
  /** As hex. */
  readonly binary?: string
  readonly family?: Family
  /** Text types have no value of their own that a person could take for a real one, so they show it in nullable columns too. */
  readonly always?: boolean
}

const stars = '***'
const starsHex = '2a2a2a'
const zeros = (bytes: number) => '00'.repeat(bytes)
/** One dimension, no NULLs, element type, one element with lower bound 0: the two vector types refuse an array without dimensions. */
const vector = (element: string, zero: string) => `00000001${zeros(4)}${element}0000000100000000${zero}`

/** By type OID. */
export const typeConstants: ReadonlyMap<number, TypeConstant> = new Map<number, TypeConstant>([
  // Text
  [25, { name: 'text', array: 1009, text: stars, binary: starsHex, family: 'text', always: true }],
  [1043, { name: 'varchar', array: 1015, text: stars, binary: starsHex, family: 'text', always: true }],
  [1042, { name: 'bpchar', array: 1014, text: stars, binary: starsHex, family: 'text', always: true }],
  [19, { name: 'name', array: 1003, text: stars, binary: starsHex, family: 'text', always: true }],
  [142, { name: 'xml', array: 143, text: stars, binary: starsHex, always: true }],
  [18, { name: 'char', array: 1002, text: '*', binary: '2a', always: true }],
  [1790, { name: 'refcursor', array: 2201, text: stars, binary: starsHex }],
  [705, { name: 'unknown', array: 0, text: stars, binary: starsHex, always: true }],
  // Numbers
  [21, { name: 'int2', array: 1005, text: '0', binary: zeros(2), family: 'integer' }],
  [23, { name: 'int4', array: 1007, text: '0', binary: zeros(4), family: 'integer' }],
  [20, { name: 'int8', array: 1016, text: '0', binary: zeros(8), family: 'integer' }],
  [700, { name: 'float4', array: 1021, text: '0', binary: zeros(4) }],
  [701, { name: 'float8', array: 1022, text: '0', binary: zeros(8) }],
  // ndigits, weight, sign, dscale
  [1700, { name: 'numeric', array: 1231, text: '0', binary: zeros(8) }],
  // Clients cut the currency off before they read the number.
  [790, { name: 'money', array: 791, text: '$0.00', binary: zeros(8) }],
  [16, { name: 'bool', array: 1000, text: 'f', binary: '00' }],
  // Time: days, or microseconds, since 2000-01-01
  [1082, { name: 'date', array: 1182, text: '1970-01-01', binary: 'ffffd533', family: 'date' }],
  [1114, { name: 'timestamp', array: 1115, text: '1970-01-01 00:00:00', binary: 'fffca2fec4c82000', family: 'timestamp' }],
  [1184, { name: 'timestamptz', array: 1185, text: '1970-01-01 00:00:00+00', binary: 'fffca2fec4c82000', family: 'timestamptz' }],
  [1083, { name: 'time', array: 1183, text: '00:00:00', binary: zeros(8) }],
  [1266, { name: 'timetz', array: 1270, text: '00:00:00+00', binary: zeros(12) }],
  [1186, { name: 'interval', array: 1187, text: '00:00:00', binary: zeros(16) }],
  // Documents, bytes and identifiers
  [114, { name: 'json', array: 199, text: 'null', binary: '6e756c6c' }],
  // Version 1 in front
  [3802, { name: 'jsonb', array: 3807, text: 'null', binary: '016e756c6c' }],
  [4072, { name: 'jsonpath', array: 4073, text: '$', binary: '0124' }],
  [17, { name: 'bytea', array: 1001, text: '\\x', binary: '', family: 'bytea' }],
  [2950, { name: 'uuid', array: 2951, text: '00000000-0000-0000-0000-000000000000', binary: zeros(16), family: 'uuid' }],
  [1560, { name: 'bit', array: 1561, text: '', binary: zeros(4) }],
  [1562, { name: 'varbit', array: 1563, text: '', binary: zeros(4) }],
  [3614, { name: 'tsvector', array: 3643, text: '', binary: zeros(4) }],
  // One operand, without weight and prefix: the empty query is sent but not received.
  [3615, { name: 'tsquery', array: 3645, text: '\'***\'', binary: `00000001010000${starsHex}00` }],
  // Network: family, bits, is it a network, bytes that follow, bytes
  [869, { name: 'inet', array: 1041, text: '0.0.0.0', binary: '0220000400000000' }],
  [650, { name: 'cidr', array: 651, text: '0.0.0.0/32', binary: '0220010400000000' }],
  [829, { name: 'macaddr', array: 1040, text: '00:00:00:00:00:00', binary: zeros(6) }],
  [774, { name: 'macaddr8', array: 775, text: '00:00:00:00:00:00:00:00', binary: zeros(8) }],
  // Geometry: float8 each; a line's first two coefficients may not both be 0
  [600, { name: 'point', array: 1017, text: '(0,0)', binary: zeros(16) }],
  [601, { name: 'lseg', array: 1018, text: '[(0,0),(0,0)]', binary: zeros(32) }],
  [602, { name: 'path', array: 1019, text: '((0,0))', binary: `0100000001${zeros(16)}` }],
  [603, { name: 'box', array: 1020, text: '(0,0),(0,0)', binary: zeros(32) }],
  [604, { name: 'polygon', array: 1027, text: '((0,0))', binary: `00000001${zeros(16)}` }],
  [628, { name: 'line', array: 629, text: '{1,0,0}', binary: `3ff0000000000000${zeros(16)}` }],
  [718, { name: 'circle', array: 719, text: '<(0,0),0>', binary: zeros(24) }],
  // Ranges: the flag for an empty one; multiranges: the number of ranges
  [3904, { name: 'int4range', array: 3905, text: 'empty', binary: '01' }],
  [3926, { name: 'int8range', array: 3927, text: 'empty', binary: '01' }],
  [3906, { name: 'numrange', array: 3907, text: 'empty', binary: '01' }],
  [3908, { name: 'tsrange', array: 3909, text: 'empty', binary: '01' }],
  [3910, { name: 'tstzrange', array: 3911, text: 'empty', binary: '01' }],
  [3912, { name: 'daterange', array: 3913, text: 'empty', binary: '01' }],
  [4451, { name: 'int4multirange', array: 6150, text: '{}', binary: zeros(4) }],
  [4536, { name: 'int8multirange', array: 6157, text: '{}', binary: zeros(4) }],
  [4532, { name: 'nummultirange', array: 6151, text: '{}', binary: zeros(4) }],
  [4533, { name: 'tsmultirange', array: 6152, text: '{}', binary: zeros(4) }],
  [4534, { name: 'tstzmultirange', array: 6153, text: '{}', binary: zeros(4) }],
  [4535, { name: 'datemultirange', array: 6155, text: '{}', binary: zeros(4) }],
  // The system's own
  [26, { name: 'oid', array: 1028, text: '0', binary: zeros(4) }],
  [28, { name: 'xid', array: 1011, text: '0', binary: zeros(4) }],
  [5069, { name: 'xid8', array: 271, text: '0', binary: zeros(8) }],
  [29, { name: 'cid', array: 1012, text: '0', binary: zeros(4) }],
  [27, { name: 'tid', array: 1010, text: '(0,0)', binary: zeros(6) }],
  [22, { name: 'int2vector', array: 1006, text: '0', binary: vector('00000015', `00000002${zeros(2)}`) }],
  [30, { name: 'oidvector', array: 1013, text: '0', binary: vector('0000001a', `00000004${zeros(4)}`) }],
  [3220, { name: 'pg_lsn', array: 3221, text: '0/0', binary: zeros(8) }],
  // Transactions listed, oldest running, next
  [5038, { name: 'pg_snapshot', array: 5039, text: '1:1:', binary: '0000000000000000000000010000000000000001' }],
  [2970, { name: 'txid_snapshot', array: 2949, text: '1:1:', binary: '0000000000000000000000010000000000000001' }],
  [24, { name: 'regproc', array: 1008, text: '-', binary: zeros(4) }],
  [2202, { name: 'regprocedure', array: 2207, text: '-', binary: zeros(4) }],
  [2203, { name: 'regoper', array: 2208, text: '0', binary: zeros(4) }],
  [2204, { name: 'regoperator', array: 2209, text: '0', binary: zeros(4) }],
  [2205, { name: 'regclass', array: 2210, text: '-', binary: zeros(4) }],
  [2206, { name: 'regtype', array: 2211, text: '-', binary: zeros(4) }],
  [3734, { name: 'regconfig', array: 3735, text: '-', binary: zeros(4) }],
  [3769, { name: 'regdictionary', array: 3770, text: '-', binary: zeros(4) }],
  [4089, { name: 'regnamespace', array: 4090, text: '-', binary: zeros(4) }],
  [4096, { name: 'regrole', array: 4097, text: '-', binary: zeros(4) }],
  [4191, { name: 'regcollation', array: 4192, text: '-', binary: zeros(4) }],
  // Sent by the server, taken from nobody, so there is no value to send
  [1033, { name: 'aclitem', array: 1034 }],
  [194, { name: 'pg_node_tree', array: 0 }],
  [3361, { name: 'pg_ndistinct', array: 0 }],
  [3402, { name: 'pg_dependencies', array: 0 }],
  [3642, { name: 'gtsvector', array: 3644 }],
  [4600, { name: 'pg_brin_bloom_summary', array: 0 }],
  [4601, { name: 'pg_brin_minmax_multi_summary', array: 0 }],
  [5017, { name: 'pg_mcv_list', array: 0 }]
])

/** Element type by OID of a built-in array type. */
export const elementTypes: ReadonlyMap<number, number> =
  new Map([...typeConstants].flatMap(([oid, { array }]) => array === 0 ? [] : [[array, oid]]))

export const oids = { bit: 1560, varchar: 1043, bpchar: 1042, int2: 21, int4: 23, int8: 20 } as const
