<?php

require __DIR__ . '/../../php/autoload.php';
