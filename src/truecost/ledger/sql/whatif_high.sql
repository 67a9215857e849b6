-- What was priced at the low end, with its amounts under names of their own and the tokens of the high end in
-- the place of the low ones.
SELECT
    ts, request_id, "user", customer, feature, task, tags, source, kind, status, quality,
    own_provider, own_model, own_region, own_service_tier, own_batch, other_life_tokens, own_tokens,
    is_timed, spared_tokens, lapsed_tokens, was_coverage,
    was_input_usd, was_cache_read_usd, was_cache_write_usd, was_output_usd, was_other_usd, was_as_stated_usd,
    was_usd, is_paid_as_stated, is_moved, same_work,
    is_changed, is_other_media, is_too_long,
    input_usd AS low_input_usd, cache_read_usd AS low_cache_read_usd, cache_write_usd AS low_cache_write_usd,
    output_usd AS low_output_usd, other_usd AS low_other_usd, as_stated_usd AS low_as_stated_usd, usd AS low_usd,
    provider, model, region, service_tier, batch,
    h_input AS input_tokens, h_read AS cache_read_tokens, h_5m AS cache_write_5m_tokens,
    h_1h AS cache_write_1h_tokens, h_output AS output_tokens, h_reasoning AS reasoning_tokens,
    audio_input_tokens, audio_output_tokens, image_units, requests, searches, chip_hours, stated_usd
FROM low
