// The audit log at the edge: how far its export is.
import type { ExportStatus } from '../../../shared/api.ts'
import type { ApiParts } from '../route.ts'

export function auditHandlers({ exports }: ApiParts) {
  return {
    exports: (): ExportStatus[] => exports.status()
  }
}
