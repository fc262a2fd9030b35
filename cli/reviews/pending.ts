// Opening a target waits for people: what the gateway answers instead of a session, as an error whoever does not wait ends with.
import type { ReviewSummary } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'

export class ReviewPending extends GatewayError {
  constructor(readonly review: ReviewSummary) {
    super('review_pending', `opening ${review.target} waits for a review: ${review.id} (rule "${review.rule}", asked: ${review.asked.join(', ')})`, {
      hint: `to decide: hoop reviews approve ${review.id}; to wait here: --wait`
    })
  }
}
