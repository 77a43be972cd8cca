<?php

echo (require __DIR__ . '/client.php')->oauth->tokenInfo()->applicationId ?? 'token';
