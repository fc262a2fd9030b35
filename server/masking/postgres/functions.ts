// The door to what masking knows of functions: PostgreSQL's own by table, the database's own by their bodies. Pure.
export { builtinClass, builtinClassIn, type BuiltinClass } from './builtin-classes.ts'
export { harmlessArguments, isHarmless, isHarmlessCast, isHarmlessOperand, type CallView } from './totality.ts'
export { hiddenCasts, ownFunctionClean, triggerClean, type Cleanness } from './body.ts'
export type { BodyContext } from './body-context.ts'
